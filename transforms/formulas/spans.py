"""From when to when something was named by events."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.functions import DataFrame, col, max, min


def take_events(events: DataFrame, names: Sequence[str]) -> DataFrame:
    """Take what each event names, with its time as `first_event_at` and `last_event_at`: a span of one event."""
    happened = (col("happened_at").alias("first_event_at"), col("happened_at").alias("last_event_at"))
    return events.select(*names, *happened)


def join_spans(observed: DataFrame, names: Sequence[str]) -> DataFrame:
    """Join the spans of what is equal in these columns to one row; a stored span joins like the events it came from."""
    return observed.group_by(*names).agg(
        min("first_event_at").alias("first_event_at"), max("last_event_at").alias("last_event_at")
    )
