"""Business rules of product_event_types."""

from __future__ import annotations

from expectations.rules.product import spanned_by
from expectations.rules.rule import WARNING, Rule

RULES = (
    *spanned_by("event_type"),
    Rule(
        name="every event type is in the events list",
        fails="listed_at is null",
        severity=WARNING,
        reason="a type that apps send and Amplitude's list does not name yet, or a misspelled one",
        shows=("first_event_at", "last_event_at"),
    ),
    Rule(
        name="no event of a type that is deleted comes",
        fails="is_deleted and last_event_at > listed_at",
        severity=WARNING,
        reason="an old app still sends what was deleted in Amplitude",
        shows=("listed_at", "last_event_at"),
    ),
)
