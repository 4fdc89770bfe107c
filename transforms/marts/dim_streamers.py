"""Streamers as they are known now.

Grain    one streamer
Key      streamer_key, the hash of (platform, streamer_id)
Source   stg_twitch_users, stg_twitch_streams
Units    every *_at is UTC without zone
Rerun    new observations replace older ones only; late ones fill what they are the newest for
Gaps     streamers that the users listing never returned are known by their streams alone: profile_seen_at is NULL
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snowflake.snowpark.functions import coalesce, col, iff, lit

from transforms import columns
from transforms.contract import TIMESTAMP, Column, Layer, MergeOnKey, Table
from transforms.newest import latest_per_key

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

TABLE = Table(
    name="dim_streamers",
    layer=Layer.MARTS,
    grain="one streamer",
    key=("streamer_key",),
    write=MergeOnKey(),
    widen_by=("streamer_key",),
    tags=("twitch",),
    columns=(
        columns.streamer_key,
        columns.platform,
        columns.streamer_id,
        columns.streamer_login,
        columns.streamer_name,
        Column("named_at", TIMESTAMP, "newest snapshot that gave login and name"),
        columns.broadcaster_type,
        columns.description,
        columns.profile_image_url,
        Column("account_created_at", TIMESTAMP, "when the account was made, UTC"),
        Column("profile_seen_at", TIMESTAMP, "newest snapshot whose users listing returned the streamer"),
        columns.first_seen_at,
        columns.last_seen_at,
        Column("last_live_at", TIMESTAMP, "newest snapshot with a stream of the streamer"),
    ),
)

_NAMES = ("streamer_name", "streamer_login")
_PROFILE = ("broadcaster_type", "description", "profile_image_url", "account_created_at")


def build(stg_twitch_users: DataFrame, stg_twitch_streams: DataFrame) -> DataFrame:
    """Take the newest name from both listings and the newest profile from the users listing."""
    profiles = [col(name) for name in _PROFILE]
    no_profile = [lit(None).cast(TABLE.column(name).type).alias(name) for name in _PROFILE]
    no_time = lit(None).cast(TIMESTAMP)
    users = stg_twitch_users.select(
        *_observed(), *profiles, col("snapshot_at").alias("profile_seen_at"), no_time.alias("last_live_at")
    )
    streams = stg_twitch_streams.select(
        *_observed(), *no_profile, no_time.alias("profile_seen_at"), col("snapshot_at").alias("last_live_at")
    )
    return TABLE.select(_current(users.union_all(streams)))


def accumulate(stored: DataFrame, arrived: DataFrame) -> DataFrame:
    """A stored row is an observation like those that it came from."""
    names = TABLE.column_names
    return TABLE.select(_current(stored.select(*names).union_all(arrived.select(*names))))


def _observed() -> list:  # type: ignore[type-arg]
    is_named = coalesce(col("streamer_name"), col("streamer_login")).is_not_null()
    return [
        *[col(name) for name in ("streamer_key", "platform", "streamer_id", *_NAMES)],
        iff(is_named, col("snapshot_at"), lit(None).cast(TIMESTAMP)).alias("named_at"),
        col("snapshot_at").alias("first_seen_at"),
        col("snapshot_at").alias("last_seen_at"),
    ]


def _current(observations: DataFrame) -> DataFrame:
    return latest_per_key(
        observations,
        ("streamer_key", "platform", "streamer_id"),
        {"named_at": _NAMES, "profile_seen_at": _PROFILE},
        lowest=("first_seen_at",),
        highest=("last_seen_at", "last_live_at"),
    )
