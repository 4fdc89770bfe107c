"""Broadcasts: one row per stream, from its first sample to its last.

Grain    one stream (a restart is a new stream)
Key      stream_id
Source   int_stream_observations
Units    hours_watched in viewer-hours, airtime in minutes; every *_at is UTC without zone
Rerun    recomputes the streams whose samples changed: same input, same table
Gaps     what no observation covers counts as not watched (gap caps: int_stream_observations, SEMANTICS §2)
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import INTEGER, TIMESTAMP, Column, MergeOnKey, Table, locate_table
from transforms.formulas import measures
from transforms.formulas.frames import null_of
from transforms.functions import DataFrame, Window, col, count, iff, lit, max, max_by, min, sum

TABLE = Table(
    *locate_table(__name__),
    grain="one stream",
    key=("stream_id",),
    write=MergeOnKey(),
    recompute_by=("stream_id",),
    cluster_by="last_seen_at",
    revision=2,
    tags=("twitch",),
    columns=(
        columns.stream_id,
        *columns.OF_STREAMER,
        columns.started_at,
        columns.first_seen_at,
        columns.last_seen_at,
        Column("last_polled_at", TIMESTAMP, "newest poll with it, UTC; NULL where none saw it"),
        Column("last_sampled_at", TIMESTAMP, "newest sample with it, UTC; NULL where none was taken"),
        Column("samples", INTEGER, "times at which the stream was observed", nullable=False, minimum=1),
        columns.peak_viewers,
        Column("peak_at", TIMESTAMP, "first observation that reached peak_viewers, UTC", nullable=False),
        columns.viewer_ms,
        columns.covered_ms,
        columns.avg_viewers,
        columns.hours_watched,
        columns.airtime_minutes,
    ),
)


def build(int_stream_observations: DataFrame) -> DataFrame:
    """Integrate each stream's viewers over time; the streamer is the one of the last sample."""
    of_stream = Window.partition_by("stream_id")
    samples = int_stream_observations.select("*", max("viewer_count").over(of_stream).alias("peak_viewers"))
    at_peak = iff(col("viewer_count") == col("peak_viewers"), col("snapshot_at"), null_of(TIMESTAMP))
    per_stream = samples.group_by("stream_id").agg(
        *[max_by(name, "snapshot_at").alias(name) for name in ("platform", "streamer_key", "streamer_id")],
        min("started_at").alias("started_at"),
        min("snapshot_at").alias("first_seen_at"),
        max("snapshot_at").alias("last_seen_at"),
        max(iff(col("is_poll"), col("snapshot_at"), null_of(TIMESTAMP))).alias("last_polled_at"),
        max(iff(col("is_poll"), null_of(TIMESTAMP), col("snapshot_at"))).alias("last_sampled_at"),
        count(lit(1)).alias("samples"),
        max("viewer_count").alias("peak_viewers"),
        min(at_peak).alias("peak_at"),
        sum(col("viewer_count") * col("hold_ms")).alias("viewer_ms"),
        sum("hold_ms").alias("covered_ms"),
    )
    return TABLE.select(measures.with_watched(per_stream))
