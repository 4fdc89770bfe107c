"""Channels over time: the title, category and language under which each was live.

Grain    one version of one channel, [valid_from, valid_to)
Key      streamer_key, valid_from; streamer_key is the hash of (platform, streamer_id)
Source   stg_twitch_streams
Units    every *_at is UTC without zone
Rerun    late snapshots are spliced in at their place; the same observations in any order give the same versions
Gaps     a channel that is not live keeps its last version: absence ends nothing; where one poll lists two streams of a
         channel, the one that began later tells
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms import columns
from transforms.contract import VERSION_COLUMNS, Layer, Table
from transforms.write_kinds import History, Strategy

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

TABLE = Table(
    name="channel_history",
    layer=Layer.HISTORY,
    grain="one version of one channel",
    key=("streamer_key", "valid_from"),
    write=History(
        strategy=Strategy.CHECK,
        tracked=("title", "game_id", "game_name", "language"),
        newest_by=("started_at", "stream_id"),
        named_by=("streamer_id",),
    ),
    recompute_by=("streamer_key",),
    cluster_by="valid_from",
    tags=("twitch",),
    columns=(
        columns.streamer_key,
        columns.platform,
        columns.streamer_id,
        columns.stream_id.replace(description="the broadcast that was live last in the version"),
        columns.title,
        columns.game_id,
        columns.game_name,
        columns.language,
        *VERSION_COLUMNS,
    ),
)


def build(stg_twitch_streams: DataFrame) -> DataFrame:
    """Take every sample of a stream as an observation of its channel."""
    return TABLE.observe(stg_twitch_streams)
