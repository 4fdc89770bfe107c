"""Streams: one row per live stream at one poll.

Grain    one stream at one snapshot
Key      stream_id, snapshot_at
Source   raw_twitch_streams
Payload  RECORD: id, user_id, user_login, user_name, game_id, game_name, type, title, viewer_count, …, as declared below
Units    viewer_count in viewers at the snapshot; every *_at is UTC without zone
Rerun    a record replaces another of its key only if it is strictly greater by viewer_count, filled fields, values
Gaps     Helix repeats streams across pages: the highest viewer_count of a snapshot is kept (SEMANTICS §2)
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import BOOLEAN, TEXT, VARIANT, Column, MergeOnKey, Table, locate_table
from transforms.functions import DataFrame
from transforms.staging.parsing import name_owners, parse

TABLE = Table(
    *locate_table(__name__),
    grain="one stream at one snapshot",
    key=("stream_id", "snapshot_at"),
    write=MergeOnKey(newest_by=("viewer_count",)),
    cluster_by="snapshot_at",
    revision=3,
    tags=("twitch",),
    columns=(
        columns.stream_id.replace(payload="id", empty_is_null=True),
        columns.snapshot_at,
        columns.platform,
        columns.streamer_key,
        columns.streamer_id.replace(payload="user_id", empty_is_null=True),
        columns.streamer_login.replace(payload="user_login", empty_is_null=True),
        columns.streamer_name.replace(payload="user_name", empty_is_null=True),
        columns.game_id.replace(payload="game_id"),
        columns.game_name.replace(payload="game_name", empty_is_null=True),
        Column("stream_type", TEXT, "live, or '' where Twitch reports an error", payload="type", accepted=("live", "")),
        columns.title.replace(payload="title"),
        columns.viewer_count.replace(payload="viewer_count"),
        columns.started_at.replace(payload="started_at"),
        columns.language.replace(payload="language", empty_is_null=True),
        Column("thumbnail_url", TEXT, "template of the preview's address", payload="thumbnail_url", empty_is_null=True),
        Column("tags", VARIANT, "list of the broadcaster's tags", payload="tags"),
        Column("is_mature", BOOLEAN, "whether the broadcast is for adults only", payload="is_mature"),
    ),
)


def build(raw_twitch_streams: DataFrame) -> DataFrame:
    """Read the records, typed, and name the streamer by platform and id."""
    return name_owners(parse(raw_twitch_streams, TABLE), TABLE, columns.TWITCH, streamer_key="streamer_id")
