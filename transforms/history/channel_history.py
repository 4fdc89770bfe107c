"""Channels over time: the title, category and language under which each was live.

Grain    one version of one channel, [valid_from, valid_to)
Key      streamer_key, valid_from; streamer_key is the hash of (platform, streamer_id)
Source   stg_twitch_streams, stg_stream_samples
Units    every *_at is UTC without zone
Rerun    late snapshots are spliced in at their place; the same observations in any order give the same versions
Gaps     a channel that is not live keeps its last version: absence ends nothing; where one poll lists two streams of a
         channel, the one that began later tells; a sample counts where it says title, category and language
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import LINEAGE, VERSION_COLUMNS, History, Strategy, Table, locate_table
from transforms.formulas.frames import are_known
from transforms.functions import DataFrame, col, lit

TABLE = Table(
    *locate_table(__name__),
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
    revision=2,
    tags=("twitch", "kafka"),
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


def build(stg_twitch_streams: DataFrame, stg_stream_samples: DataFrame) -> DataFrame:
    """Take every stream of a poll, and every sample that tells enough, as an observation of its channel."""
    is_told = are_known(("streamer_key", "title", "game_id", "language"))
    is_named = col("game_name").is_not_null() | (col("game_id") == lit(""))
    read = [*[column.name for column in (*TABLE.observed_columns, *LINEAGE)], "started_at"]
    sampled = stg_stream_samples.filter(is_told & is_named).select(*read, col("collected_at").alias("snapshot_at"))
    return TABLE.observe(stg_twitch_streams).union_all(TABLE.observe(sampled))
