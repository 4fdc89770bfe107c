"""Business rules of product_events_enriched."""

from expectations.rules.rule import critical

RULES = (
    critical(
        "an event of a session shows its session",
        "session_key is not null and (session_number is null or session_started_at is null)",
        "product_sessions is behind product_events: build both",
        *("session_key", "session_number"),
    ),
    critical(
        "nothing happens before the user's first event",
        "happened_at < first_seen_at",
        "product_users is behind product_events: build both",
        *("happened_at", "first_seen_at"),
    ),
)
