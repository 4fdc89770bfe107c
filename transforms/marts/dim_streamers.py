"""Streamers as they are known now.

Grain    one streamer
Key      streamer_key, the hash of (platform, streamer_id)
Source   stg_twitch_users, stg_twitch_streams, stg_stream_samples, stg_livelogs_streams, stg_livelogs_gifts
Units    every *_at is UTC without zone
Rerun    new observations replace older ones only; late ones fill what they are the newest for
Gaps     who was never listed is known by streams or gifts alone: profile_seen_at is NULL; live logs tell no names
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import TIMESTAMP, Column, MergeOnKey, Table, locate_table
from transforms.formulas.deduplicate import latest_per_key, observe
from transforms.formulas.frames import null_of, union_all
from transforms.functions import DataFrame, Expression, coalesce, col, iff
from transforms.staging import livelogs_columns as logged

TABLE = Table(
    *locate_table(__name__),
    grain="one streamer",
    key=("streamer_key",),
    write=MergeOnKey(),
    recompute_by=("streamer_key",),
    revision=2,
    tags=("twitch", "livelogs", "kafka"),
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
        logged.drop_payload(logged.register_country),
        Column("profile_seen_at", TIMESTAMP, "newest snapshot whose users listing, or live logs, told the profile"),
        columns.first_seen_at,
        columns.last_seen_at,
        Column(
            "last_live_at",
            TIMESTAMP,
            "newest snapshot with a stream of the streamer; NULL in the live logs, which tell of the past",
        ),
    ),
)

_OWNER = ("platform", "streamer_id")
_NAMES = ("streamer_name", "streamer_login")
_OF_NAMED = (*_OWNER, *_NAMES)
_SAMPLED = "collected_at"
_ACCOUNT = ("broadcaster_type", "description", "profile_image_url", "account_created_at")
_PROFILE = (*_ACCOUNT, "register_country")


def build(
    stg_twitch_users: DataFrame,
    stg_twitch_streams: DataFrame,
    stg_stream_samples: DataFrame,
    stg_livelogs_streams: DataFrame,
    stg_livelogs_gifts: DataFrame,
) -> DataFrame:
    """Take everybody who is listed, streams or is given gifts, with the newest name and the newest profile."""
    seen_at = col("snapshot_at")
    registered = {"account_created_at": col("registered_at"), "register_country": col("register_country")}
    known = stg_stream_samples.filter(col("streamer_key").is_not_null())
    observations = (
        observe(TABLE, stg_twitch_users, (*_OF_NAMED, *_ACCOUNT), {**_tell_name(), "profile_seen_at": seen_at}),
        observe(TABLE, stg_twitch_streams, _OF_NAMED, {**_tell_name(), "last_live_at": seen_at}),
        observe(TABLE, known, _OF_NAMED, {**_tell_name(_SAMPLED), "last_live_at": col(_SAMPLED)}, _SAMPLED),
        observe(TABLE, stg_livelogs_streams, _OWNER, {**registered, "profile_seen_at": seen_at}),
        observe(TABLE, stg_livelogs_gifts, _OWNER, {}),
    )
    return combine(union_all(observations))


def combine(observations: DataFrame) -> DataFrame:
    """Take the newest name and details of each; a stored row is an observation like those that it came from."""
    newest = latest_per_key(
        observations,
        ("streamer_key", *_OWNER),
        {"named_at": _NAMES, "profile_seen_at": _PROFILE},
        lowest=("first_seen_at",),
        highest=("last_seen_at", "last_live_at"),
    )
    return TABLE.select(newest)


def _tell_name(at: str = "snapshot_at") -> dict[str, Expression]:
    is_named = coalesce(*[col(name) for name in _NAMES]).is_not_null()
    return {"named_at": iff(is_named, col(at), null_of(TIMESTAMP))}
