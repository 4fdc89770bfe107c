"""Business rules of int_stream_ends."""

from __future__ import annotations

from expectations.rules.marts import ordered

RULES = (ordered("started_at", "ended_at"),)
