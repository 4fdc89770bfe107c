"""Streamers by day.

Grain    one streamer on one UTC day
Key      streamer_key, date_day
Source   fact_stream_days
Units    hours_watched in viewer-hours, airtime in minutes
Rerun    recomputes the days that changed
Gaps     peak_viewers is NULL on a day that only has time carried over midnight, or only the start of a stream
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import MergeOnKey, Table, locate_table
from transforms.formulas import measures
from transforms.functions import DataFrame, col, iff, lit, max, sum

TABLE = Table(
    *locate_table(__name__),
    grain="one streamer on one UTC day",
    key=("streamer_key", "date_day"),
    write=MergeOnKey(),
    recompute_by=("date_day",),
    cluster_by="date_day",
    tags=("twitch",),
    columns=(
        columns.streamer_key.replace(references="dim_streamers.streamer_key"),
        columns.platform,
        columns.streamer_id,
        columns.date_day.replace(references="dim_date.date_day"),
        columns.hours_watched,
        columns.avg_viewers,
        columns.peak_viewers.replace(nullable=True, description="highest sample of the day; NULL where it has none"),
        *columns.WATCHED,
    ),
)


def build(fact_stream_days: DataFrame) -> DataFrame:
    """Sum each streamer's streams per day."""
    per_day = fact_stream_days.group_by("streamer_key", "platform", "streamer_id", "date_day").agg(
        max("peak_viewers").alias("peak_viewers"),
        sum(iff(col("is_start_day"), lit(1), lit(0))).alias("streams_started"),
        *[sum(name).alias(name) for name in ("viewer_ms", "covered_ms")],
    )
    return TABLE.select(measures.with_watched(per_day))
