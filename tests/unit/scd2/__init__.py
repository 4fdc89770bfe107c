"""Histories: versions, presence, what late rows affect."""
