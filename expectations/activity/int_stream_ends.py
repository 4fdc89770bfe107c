"""Business rules of int_stream_ends."""

from expectations.rules.marts import ordered

RULES = (ordered("started_at", "ended_at"),)
