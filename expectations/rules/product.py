"""Business rules that several tables of product events share."""

from __future__ import annotations

from expectations.rules.marts import require_order
from expectations.rules.rule import Lookup, Rule, critical


def events_of(key: str, count: str = "event_count") -> Rule:
    """The number of events, and their first and last, are those of product_events.

    Args:
        key: Column that names the row in both tables.
        count: Column with the number.
    """
    counted = Lookup(
        "counted",
        f"select {key}, count(*) as events from {{product_events}} "
        f"where {key} in (select {key} from {{batch}} b) group by {key}",
        ("events",),
        f"counted.{key} = t.{key}",
    )
    return critical(
        f"{count} is the number of its product_events",
        f"{count} is distinct from counted_events",
        "an event that was merged, corrected or late and not taken over; rebuild it with --full-refresh",
        *(count, "counted_events", counted),
    )


def require_span(key: str) -> tuple[Rule, ...]:
    """Require that the first and the last event are those of product_events.

    Args:
        key: Column that names the row in both tables.
    """
    spanned = Lookup(
        "spanned",
        f"select {key}, min(happened_at) as first_at, max(happened_at) as last_at from {{product_events}} "
        f"where {key} in (select {key} from {{batch}} b) group by {key}",
        ("first_at", "last_at"),
        f"spanned.{key} = t.{key}",
    )
    return (
        require_order("first_event_at", "last_event_at"),
        critical(
            "the first and the last event are those of product_events",
            "first_event_at is distinct from spanned_first_at or last_event_at is distinct from spanned_last_at",
            "an event that was corrected or is late and was not taken over; rebuild it with --full-refresh",
            *("first_event_at", "spanned_first_at", "last_event_at", "spanned_last_at", spanned),
        ),
    )
