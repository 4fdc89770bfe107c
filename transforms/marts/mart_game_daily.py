"""Categories by day.

Grain    one category on one UTC day
Key      game_id, date_day
Source   fact_stream_days, mart_concurrent_viewers
Units    hours_watched in viewer-hours, airtime in minutes; avg_viewers is per stream, peak_viewers of the category
Rerun    recomputes the days that changed
Gaps     peak_viewers is the highest sum at one snapshot, not the sum of the streams' peaks; NULL without a sample
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import MergeOnKey, Table, locate_table
from transforms.formulas import measures
from transforms.functions import DataFrame, coalesce, col, greatest, iff, lit, max, sum

TABLE = Table(
    *locate_table(__name__),
    grain="one category on one UTC day",
    key=("game_id", "date_day"),
    write=MergeOnKey(),
    recompute_by=("date_day",),
    cluster_by="date_day",
    revision=2,
    tags=("twitch",),
    columns=(
        columns.game_id.replace(references="dim_games.game_id"),
        columns.date_day.replace(references="dim_date.date_day"),
        columns.hours_watched,
        columns.avg_viewers,
        columns.peak_viewers.replace(nullable=True, description="highest concurrent viewers of the category that day"),
        *columns.WATCHED,
    ),
)


def build(fact_stream_days: DataFrame, mart_concurrent_viewers: DataFrame) -> DataFrame:
    """Sum each category's streams per day, with the day's highest concurrent sum."""
    per_day = fact_stream_days.group_by("game_id", "date_day").agg(
        max("peak_viewers").alias("highest_sample"),
        sum(iff(col("is_start_day"), lit(1), lit(0))).alias("streams_started"),
        *[sum(name).alias(name) for name in ("viewer_ms", "covered_ms")],
    )
    is_its_day = (col("game_id") == col("peak_game_id")) & (col("date_day") == col("peak_day"))
    with_peak = per_day.join(_peaks(mart_concurrent_viewers), on=is_its_day, how="left")
    # A day whose samples all had no viewers has no concurrent sum; samples of some of a category's streams add to none.
    peak = greatest(coalesce(col("concurrent_peak"), col("highest_sample")), col("highest_sample"))
    return TABLE.select(measures.with_watched(with_peak.select("*", peak.alias("peak_viewers"))))


def _peaks(concurrent: DataFrame) -> DataFrame:
    of_games = concurrent.filter(col("scope") == lit("game"))
    peaks = of_games.group_by("scope_id", "date_day").agg(max("viewers").alias("concurrent_peak"))
    return peaks.select(col("scope_id").alias("peak_game_id"), col("date_day").alias("peak_day"), "concurrent_peak")
