"""Users of the product: one row per merged user, from their first event to their newest.

Grain    one merged user
Key      user_key, the hash of (platform, merged_amplitude_id)
Source   product_events
Units    every *_at is UTC without zone
Rerun    recomputes the users whose events are new, changed or moved by a merge
Gaps     a user is new with their first event, as user_creation_time is no longer filled; identified_at is the first
         event with a user id that is no placeholder, NULL for users that stay anonymous
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import DATE, INTEGER, TEXT, TIMESTAMP, Column, MergeOnKey, Table, locate_table
from transforms.functions import DataFrame, Window, col, count, count_distinct, first_value, iff, lit, max, min
from transforms.staging import amplitude_columns as amplitude

_USER = ("user_key", "platform", "merged_amplitude_id")
# What is told of the user's first and newest event; NULL there is NULL here.
_FIRST = {"country": "first_country", "app_platform": "first_app_platform", "version_name": "first_version_name"}
_NEWEST = {"country": "country", "app_platform": "app_platform", "language": "language", "version_name": "version_name"}

TABLE = Table(
    *locate_table(__name__),
    grain="one merged user",
    key=("user_key",),
    write=MergeOnKey(),
    recompute_by=("user_key",),
    tags=("amplitude",),
    columns=(
        amplitude.user_key,
        columns.platform,
        amplitude.merged_amplitude_id,
        amplitude.known_user_id.replace(description="newest user_id that is no placeholder; NULL: never identified"),
        Column("first_seen_at", TIMESTAMP, "first event: the user is new then, UTC", nullable=False),
        Column("first_seen_date", DATE, "UTC day of the first event", nullable=False),
        Column("last_seen_at", TIMESTAMP, "newest event, UTC", nullable=False),
        Column("identified_at", TIMESTAMP, "first event with a known_user_id, UTC; NULL: never"),
        amplitude.event_count.replace(minimum=1),
        Column("session_count", INTEGER, "sessions", nullable=False, minimum=0),
        Column("device_count", INTEGER, "devices", nullable=False, minimum=0),
        Column("first_country", TEXT, "country of the first event"),
        Column("first_app_platform", TEXT, "what the app of the first event ran on"),
        Column("first_version_name", TEXT, "version of the app of the first event"),
        amplitude.country.replace(description="country of the newest event"),
        amplitude.app_platform.replace(description="what the app of the newest event ran on"),
        amplitude.language.replace(description="language of the newest event"),
        amplitude.version_name.replace(description="version of the app of the newest event"),
    ),
)


def build(product_events: DataFrame) -> DataFrame:
    """Gather each user's events; the first and the newest say where and on what."""
    of_user = Window.partition_by("user_key")
    forward = of_user.order_by("happened_at", "event_id", "event_key")
    backward = of_user.order_by(col("happened_at").desc(), col("event_id").desc(), col("event_key").desc())
    known_back = of_user.order_by(
        col("known_user_id").is_null().cast(INTEGER),
        col("happened_at").desc(),
        col("event_id").desc(),
        col("event_key").desc(),
    )
    told = product_events.select(
        *_USER,
        "happened_at",
        "session_key",
        "device_key",
        iff(col("known_user_id").is_null(), lit(None).cast(TIMESTAMP), col("happened_at")).alias("known_at"),
        first_value("known_user_id").over(known_back).alias("known_user_id"),
        *[first_value(name).over(forward).alias(first) for name, first in _FIRST.items()],
        *[first_value(name).over(backward).alias(newest) for name, newest in _NEWEST.items()],
    )
    per_user = told.group_by(*_USER, "known_user_id", *_FIRST.values(), *_NEWEST.values()).agg(
        min("happened_at").alias("first_seen_at"),
        max("happened_at").alias("last_seen_at"),
        min("known_at").alias("identified_at"),
        count(lit(1)).alias("event_count"),
        count_distinct("session_key").alias("session_count"),
        count_distinct("device_key").alias("device_count"),
    )
    return TABLE.select(per_user.select("*", col("first_seen_at").cast(DATE).alias("first_seen_date")))
