"""What happened on each day: a row per event type that occurred.

Grain    one event type on one UTC day with such an event
Key      event_type, date_day
Source   int_product_user_days
Units    counts of events, distinct merged users, of them new ones, and sessions
Rerun    recomputes the days that users' new, changed or gone rows touch
Gaps     a day without such an event has no row: product_daily fills it with zeros
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import INTEGER, Column, MergeOnKey, Table, locate_table
from transforms.functions import DataFrame, col, count, iff, lit, sum
from transforms.staging import amplitude_columns as amplitude

MEASURES = (
    amplitude.event_count,
    Column("user_count", INTEGER, "distinct merged users with such an event", nullable=False, minimum=0),
    Column(
        "first_time_user_count",
        INTEGER,
        "those of them whose first event of all is on that day",
        nullable=False,
        minimum=0,
    ),
    Column("session_count", INTEGER, "sessions with such an event", nullable=False, minimum=0),
)

TABLE = Table(
    *locate_table(__name__),
    grain="one event type on one UTC day with such an event",
    key=("event_type", "date_day"),
    write=MergeOnKey(),
    recompute_by=("date_day",),
    tags=("amplitude",),
    columns=(amplitude.event_type, columns.date_day, *MEASURES),
)


def build(int_product_user_days: DataFrame) -> DataFrame:
    """Add up the users of each day; a session is of one user, so sessions add up."""
    per_day = int_product_user_days.group_by("event_type", "date_day").agg(
        sum("event_count").alias("event_count"),
        count(lit(1)).alias("user_count"),
        count(iff(col("is_first_day"), lit(1), lit(None))).alias("first_time_user_count"),
        sum("session_count").alias("session_count"),
    )
    return TABLE.select(per_day)
