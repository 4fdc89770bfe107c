"""Amplitude: product events out of its Export API hour by hour, or from the files that it writes to a bucket."""
