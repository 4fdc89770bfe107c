"""Business rules of int_stream_ends."""

from expectations.rules.marts import require_order

RULES = (require_order("started_at", "ended_at"),)
