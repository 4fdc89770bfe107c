"""Broadcasts that polls or samples saw and that are over: those went on for longer than the gap cap without them.

Grain    one ended broadcast
Key      stream_id
Source   fact_stream_sessions
Units    hours_watched in viewer-hours; every *_at is UTC without zone
Rerun    reads all sessions, as time alone ends a broadcast, and writes the differences: what has ended since
Gaps     ended_at is the last observation, or started_at where that is later (a stream that begins while a poll goes
         through its pages, clocks that differ, a wrong time of a file); a broadcast that is seen again later had not
         ended; samples see watched games alone, so they end only what they have seen
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import TIMESTAMP, Column, Replace, Table, locate_table
from transforms.formulas.frames import null_of
from transforms.functions import DataFrame, Window, coalesce, col, dateadd, iff, lit, max

TABLE = Table(
    *locate_table(__name__),
    grain="one ended broadcast",
    key=("stream_id",),
    write=Replace(),
    revision=3,
    tags=("activity",),
    columns=(
        columns.stream_id,
        *columns.STREAMER,
        columns.started_at.replace(description="when the broadcast began, or was seen first, UTC", nullable=False),
        Column("ended_at", TIMESTAMP, "when the broadcast ended, UTC"),
        columns.peak_viewers,
        columns.hours_watched,
    ),
)


def build(fact_stream_sessions: DataFrame, *, gap_cap_seconds: int) -> DataFrame:
    """Build the sessions whose last observation is older than the newest of the platform by more than the gap cap."""
    of_platform = Window.partition_by("platform")
    newest_sample = max("last_sampled_at").over(of_platform)
    started_at = coalesce(col("started_at"), col("first_seen_at"))
    seen = fact_stream_sessions.select(
        *("stream_id", "platform", "streamer_key", "streamer_id"),
        started_at.alias("started_at"),
        # None ends before it began; how far the times are apart, staging's warning says.
        iff(col("last_seen_at") < started_at, started_at, col("last_seen_at")).alias("ended_at"),
        "last_seen_at",
        "peak_viewers",
        "hours_watched",
        max("last_polled_at").over(of_platform).alias("newest_poll_at"),
        iff(col("last_sampled_at").is_null(), null_of(TIMESTAMP), newest_sample).alias("newest_sample_at"),
    )
    missed_until = dateadd("second", lit(gap_cap_seconds), col("last_seen_at"))
    is_over = (missed_until < col("newest_poll_at")) | (missed_until < col("newest_sample_at"))
    return TABLE.select(seen.filter(is_over))
