"""Business rules of product_events_enriched."""

from __future__ import annotations

from expectations.rules.rule import CRITICAL, Rule

RULES = (
    Rule(
        name="an event of a session shows its session",
        fails="session_key is not null and (session_number is null or session_started_at is null)",
        severity=CRITICAL,
        reason="product_sessions is behind product_events: build both",
        shows=("session_key", "session_number"),
    ),
    Rule(
        name="nothing happens before the user's first event",
        fails="happened_at < first_seen_at",
        severity=CRITICAL,
        reason="product_users is behind product_events: build both",
        shows=("happened_at", "first_seen_at"),
    ),
)
