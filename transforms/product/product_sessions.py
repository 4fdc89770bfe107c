"""Sessions: one row per session of a user, numbered in the order in which they began.

Grain    one session of one merged user
Key      session_key, the hash of user_key and session_id
Source   product_events
Units    every *_at is UTC without zone; length_seconds from the first to the last event
Rerun    recomputes the users whose events are new, changed or moved by a merge
Gaps     events with session_id -1 are in no session; entry and exit page are NULL where no event names a page
"""

from __future__ import annotations

from transforms.contract import BOOLEAN, INTEGER, TEXT, Column, MergeOnKey, Table, locate_table
from transforms.functions import DataFrame, Window, col, count, datediff, first_value, lit, max, min, row_number
from transforms.staging import amplitude_columns as amplitude

_SESSION = ("user_key", "session_key", "session_id")

TABLE = Table(
    *locate_table(__name__),
    grain="one session of one merged user",
    key=("session_key",),
    write=MergeOnKey(),
    recompute_by=("user_key",),
    tags=("amplitude",),
    columns=(
        amplitude.session_key.replace(nullable=False),
        amplitude.user_key.replace(references="product_users.user_key"),
        amplitude.session_id.replace(nullable=False),
        Column("session_number", INTEGER, "the user's sessions so far, this one included", nullable=False, minimum=1),
        Column("is_first_session", BOOLEAN, "the user had none before", nullable=False),
        Column("started_at", amplitude.happened_at.type, "first event, UTC", nullable=False),
        Column("ended_at", amplitude.happened_at.type, "last event, UTC", nullable=False),
        Column("length_seconds", INTEGER, "from the first to the last event", nullable=False, minimum=0),
        amplitude.event_count.replace(minimum=1),
        Column("entry_page", TEXT, "first page of the session"),
        Column("exit_page", TEXT, "last page of the session"),
        amplitude.device_key,
        amplitude.app_platform,
        amplitude.country,
    ),
)


def build(product_events: DataFrame) -> DataFrame:
    """Gather each session's events, and number a user's sessions by their start."""
    events = product_events.filter(col("session_key").is_not_null())
    of_session = Window.partition_by("session_key")
    forward = of_session.order_by("happened_at", "event_id", "event_key")
    pages = of_session.order_by(col("page").is_null().cast(INTEGER), "happened_at", "event_id", "event_key")
    pages_back = of_session.order_by(
        col("page").is_null().cast(INTEGER), col("happened_at").desc(), col("event_id").desc(), col("event_key").desc()
    )
    told = events.select(
        *_SESSION,
        "happened_at",
        first_value("page").over(pages).alias("entry_page"),
        first_value("page").over(pages_back).alias("exit_page"),
        *[first_value(name).over(forward).alias(name) for name in ("device_key", "app_platform", "country")],
    )
    per_session = told.group_by(*_SESSION, "entry_page", "exit_page", "device_key", "app_platform", "country").agg(
        min("happened_at").alias("started_at"), max("happened_at").alias("ended_at"), count(lit(1)).alias("event_count")
    )
    in_order = Window.partition_by("user_key").order_by("started_at", "session_id")
    numbered = per_session.select("*", row_number().over(in_order).alias("session_number"))
    return TABLE.select(
        numbered.select(
            "*",
            (col("session_number") == lit(1)).alias("is_first_session"),
            datediff("second", col("started_at"), col("ended_at")).alias("length_seconds"),
        )
    )
