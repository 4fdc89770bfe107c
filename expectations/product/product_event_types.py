"""Business rules of product_event_types."""

from expectations.rules.product import require_span
from expectations.rules.rule import warning

RULES = (
    *require_span("event_type"),
    warning(
        "every event type is in the events list",
        "listed_at is null",
        "a type that apps send and Amplitude's list does not name yet, or a misspelled one",
        *("first_event_at", "last_event_at"),
    ),
    warning(
        "no event of a type that is deleted comes",
        "is_deleted and last_event_at > listed_at",
        "an old app still sends what was deleted in Amplitude",
        *("listed_at", "last_event_at"),
    ),
)
