"""Histories (type 2), on top of the engine: versions, presence, which keys are computed anew."""
