"""The most watched streamers: of all time, and of the last 30 and 7 days that the data has.

Grain    one streamer in one ranking window
Key      ranking_window, streamer_key
Source   mart_streamer_daily, dim_streamers
Units    hours_watched in viewer-hours, airtime in minutes
Rerun    replaced whole; windows end at the newest day with data, never at the clock
Gaps     each window keeps its first 1,000 streamers; equal hours_watched are ranked by streamer_key
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import DATE, INTEGER, TEXT, Column, Replace, Table, locate_table
from transforms.formulas import measures
from transforms.formulas.frames import union_all
from transforms.functions import DataFrame, Window, col, dateadd, lit, max, row_number, sum

_DAYS_OF_WINDOW: dict[str, int | None] = {"all_time": None, "last_30_days": 30, "last_7_days": 7}
_RANKS_KEPT = 1000
_STREAMER = ("streamer_key", "platform", "streamer_id")

TABLE = Table(
    *locate_table(__name__),
    grain="one streamer in one ranking window",
    key=("ranking_window", "streamer_key"),
    write=Replace(),
    tags=("twitch",),
    columns=(
        Column("ranking_window", TEXT, "days that are ranked", nullable=False, accepted=tuple(_DAYS_OF_WINDOW)),
        Column("streamer_rank", INTEGER, "1 is the most watched", nullable=False, minimum=1, maximum=_RANKS_KEPT),
        columns.streamer_key.replace(references="dim_streamers.streamer_key"),
        columns.platform,
        columns.streamer_id,
        columns.streamer_name,
        columns.hours_watched,
        columns.avg_viewers,
        columns.peak_viewers.replace(nullable=True),
        *columns.WATCHED,
    ),
)


def build(mart_streamer_daily: DataFrame, dim_streamers: DataFrame) -> DataFrame:
    """Sum each window's days per streamer, rank by hours watched and keep the first."""
    newest = mart_streamer_daily.select(max("date_day").alias("newest_day"))
    days = mart_streamer_daily.select(
        *_STREAMER, "date_day", "peak_viewers", "streams_started", "viewer_ms", "covered_ms"
    ).cross_join(newest)
    windows = [_sum(days, window, length) for window, length in _DAYS_OF_WINDOW.items()]
    summed = union_all(windows)
    most_watched_first = Window.partition_by("ranking_window").order_by(col("viewer_ms").desc(), col("streamer_key"))
    ranked = summed.select("*", row_number().over(most_watched_first).alias("streamer_rank"))
    names = dim_streamers.select(col("streamer_key").alias("named_key"), "streamer_name")
    kept = ranked.filter(col("streamer_rank") <= lit(_RANKS_KEPT))
    named = kept.join(names, on=col("streamer_key") == col("named_key"), how="left")
    return TABLE.select(measures.with_watched(named))


def _sum(days: DataFrame, window: str, length: int | None) -> DataFrame:
    in_window = days
    if length is not None:
        in_window = days.filter(col("date_day") > dateadd("day", lit(-length), col("newest_day")).cast(DATE))
    per_streamer = in_window.group_by(*_STREAMER).agg(
        max("peak_viewers").alias("peak_viewers"),
        *[sum(name).alias(name) for name in ("streams_started", "viewer_ms", "covered_ms")],
    )
    return per_streamer.select("*", lit(window).alias("ranking_window"))
