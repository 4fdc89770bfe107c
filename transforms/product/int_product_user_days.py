"""What each user did on each day: a row per event type.

Grain    one event type of one merged user on one UTC day
Key      user_key, event_type, date_day
Source   product_events
Units    counts; sessions with such an event on that day
Rerun    recomputes the users whose events are new, changed or moved by a merge
Gaps     is_first_day is the day of the user's first event of any type: the user is new on it
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import BOOLEAN, INTEGER, Column, MergeOnKey, Table, locate_table
from transforms.functions import DataFrame, Window, col, count, count_distinct, lit, min as smallest
from transforms.staging import amplitude_columns as amplitude

TABLE = Table(
    *locate_table(__name__),
    grain="one event type of one merged user on one UTC day",
    key=("user_key", "event_type", "date_day"),
    write=MergeOnKey(),
    recompute_by=("user_key",),
    tags=("amplitude",),
    columns=(
        amplitude.user_key,
        amplitude.event_type,
        columns.date_day,
        amplitude.event_count.replace(minimum=1),
        Column("session_count", INTEGER, "sessions", nullable=False, minimum=0),
        Column("is_first_day", BOOLEAN, "the user had no event before that day", nullable=False),
    ),
)


def build(product_events: DataFrame) -> DataFrame:
    """Count each user's events by type and day."""
    per_day = product_events.group_by("user_key", "event_type", "date_day").agg(
        count(lit(1)).alias("event_count"), count_distinct("session_key").alias("session_count")
    )
    first_day = smallest("date_day").over(Window.partition_by("user_key"))
    return TABLE.select(per_day.select("*", (col("date_day") == first_day).alias("is_first_day")))
