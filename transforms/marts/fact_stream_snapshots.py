"""Stream snapshots: one row per stream at one poll, with the time for which its viewer count holds.

Grain    one stream at one snapshot
Key      stream_snapshot_key, the hash of (platform, stream_id, snapshot_at)
Source   stg_twitch_streams
Units    hold_ms in milliseconds; minutes_live in whole minutes, floored; every *_at is UTC without zone
Rerun    recomputes the streams that new rows touch: the row before a new sample gets its next_snapshot_at
Gaps     a count holds until the stream's next sample, at most for the gap cap; the last sample holds for no time
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import INTEGER, TEXT, TIMESTAMP, Column, MergeOnKey, Table, locate_table
from transforms.formulas.keys import hash_key
from transforms.functions import DataFrame, Window, coalesce, col, date_part, datediff, floor, lead, least, lit

TABLE = Table(
    *locate_table(__name__),
    grain="one stream at one snapshot",
    key=("stream_snapshot_key",),
    write=MergeOnKey(),
    recompute_by=("stream_id",),
    cluster_by="snapshot_at",
    tags=("twitch",),
    columns=(
        Column("stream_snapshot_key", TEXT, "hash of (platform, stream_id, snapshot_at)", nullable=False),
        columns.platform,
        columns.stream_id,
        columns.streamer_key.replace(references="dim_streamers.streamer_key"),
        columns.streamer_id,
        columns.game_id.replace(references="dim_games.game_id"),
        columns.snapshot_at,
        columns.viewer_count,
        columns.title,
        columns.language,
        columns.started_at,
        Column("minutes_live", INTEGER, "whole minutes from started_at to the snapshot"),
        Column("next_snapshot_at", TIMESTAMP, "the stream's next sample; NULL for the last one"),
        Column("hold_ms", INTEGER, "milliseconds for which viewer_count holds", nullable=False, minimum=0),
    ),
)

_MS_PER_MINUTE = 60_000


def build(stg_twitch_streams: DataFrame, *, gap_cap_seconds: int) -> DataFrame:
    """Give every sample the time until the stream's next one, capped, and the minutes since the stream began."""
    of_stream = Window.partition_by("platform", "stream_id").order_by("snapshot_at")
    followed = stg_twitch_streams.select(
        "*",
        date_part("epoch_microsecond", col("snapshot_at")).alias("snapshot_us"),
        lead("snapshot_at").over(of_stream).alias("next_snapshot_at"),
    )
    until_next = datediff("millisecond", col("snapshot_at"), col("next_snapshot_at"))
    live_ms = datediff("millisecond", col("started_at"), col("snapshot_at"))
    timed = followed.select(
        "*",
        hash_key("platform", "stream_id", "snapshot_us").alias("stream_snapshot_key"),
        floor(live_ms / lit(_MS_PER_MINUTE)).alias("minutes_live"),
        coalesce(least(until_next, lit(gap_cap_seconds * 1000)), lit(0)).alias("hold_ms"),
    )
    return TABLE.select(timed)
