"""Broadcasts that polls saw and that are over: the polls went on for longer than the gap cap without them.

Grain    one ended broadcast
Key      stream_id
Source   fact_stream_sessions
Units    hours_watched in viewer-hours; every *_at is UTC without zone
Rerun    reads all sessions, as time alone ends a broadcast, and writes the differences: what has ended since
Gaps     ended_at is the last sample; a broadcast that is seen again later had not ended
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms import columns
from transforms.contract import TIMESTAMP, Column, Layer, Table
from transforms.functions import Window, coalesce, col, dateadd, lit, max
from transforms.write_kinds import Replace

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

TABLE = Table(
    name="int_stream_ends",
    layer=Layer.ACTIVITY,
    grain="one ended broadcast",
    key=("stream_id",),
    write=Replace(),
    tags=("activity",),
    columns=(
        columns.stream_id,
        columns.platform,
        columns.streamer_key,
        columns.streamer_id,
        columns.started_at.replace(description="when the broadcast began, or was seen first, UTC", nullable=False),
        Column("ended_at", TIMESTAMP, "when the broadcast ended, UTC"),
        columns.peak_viewers,
        columns.hours_watched,
    ),
)


def build(fact_stream_sessions: DataFrame, *, gap_cap_seconds: int) -> DataFrame:
    """Build the sessions whose last sample is older than the newest of the platform by more than the gap cap."""
    newest = max("last_seen_at").over(Window.partition_by("platform"))
    seen = fact_stream_sessions.select(
        "stream_id",
        "platform",
        "streamer_key",
        "streamer_id",
        coalesce(col("started_at"), col("first_seen_at")).alias("started_at"),
        col("last_seen_at").alias("ended_at"),
        "peak_viewers",
        "hours_watched",
        newest.alias("newest_sample_at"),
    )
    is_over = dateadd("second", lit(gap_cap_seconds), col("ended_at")) < col("newest_sample_at")
    return TABLE.select(seen.filter(is_over))
