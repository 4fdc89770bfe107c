"""Observations of live streams: what polls and samples saw, one after the other, with the time each count holds.

Grain    one stream at one time at which it was observed, by a poll, a sample or both
Key      stream_id, snapshot_at
Source   stg_twitch_streams, stg_stream_samples
Units    hold_ms in milliseconds; every *_at is UTC without zone
Rerun    recomputes the streams that new rows touch: the row before a new one holds until it
Gaps     a count holds until the stream's next observation, at most as long as an observation so far covers: a poll for
         the gap cap, a sample for the gap cap of samples; the last holds for no time. At one time the poll counts. A
         sample without a streamer or category takes them of the stream's polls; without any it is left out
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import BOOLEAN, INTEGER, Column, MergeOnKey, Table, locate_table
from transforms.formulas.frames import are_known
from transforms.formulas.keys import hash_key
from transforms.functions import (
    DataFrame,
    Expression,
    Window,
    coalesce,
    col,
    dateadd,
    datediff,
    in_,
    lead,
    least,
    lit,
    max,
)

TABLE = Table(
    *locate_table(__name__),
    grain="one stream at one time at which it was observed",
    key=("stream_id", "snapshot_at"),
    write=MergeOnKey(),
    recompute_by=("stream_id",),
    cluster_by="snapshot_at",
    tags=("twitch", "kafka"),
    columns=(
        columns.stream_id,
        columns.snapshot_at,
        *columns.STREAMER,
        columns.game_id,
        columns.language,
        columns.viewer_count,
        columns.started_at,
        Column(
            "is_poll", BOOLEAN, "whether a poll of the platform saw it; else a sample of watched games", nullable=False
        ),
        columns.is_narrowed.replace(nullable=False),
        Column("hold_ms", INTEGER, "milliseconds for which viewer_count holds", nullable=False, minimum=0),
    ),
)

_SHARED = ("stream_id", "snapshot_at", "platform", "streamer_id", "game_id", "language", "viewer_count", "started_at")


def build(
    stg_twitch_streams: DataFrame, stg_stream_samples: DataFrame, *, gap_cap_seconds: int, sample_gap_cap_seconds: int
) -> DataFrame:
    """Put polls and samples of each stream in one order, and give every one the time that it holds."""
    polled = stg_twitch_streams.select(
        *_SHARED,
        lit(True).alias("is_poll"),
        lit(False).alias("is_narrowed"),
        _end_cover("snapshot_at", gap_cap_seconds),
    )
    sampled = _name_samples(stg_stream_samples, stg_twitch_streams).select(
        *_SHARED,
        lit(False).alias("is_poll"),
        coalesce(col("is_narrowed"), lit(False)).alias("is_narrowed"),
        _end_cover("snapshot_at", sample_gap_cap_seconds),
    )
    only_sampled = sampled.filter(~in_([*TABLE.key], polled.select(*TABLE.key)))
    return TABLE.select(_hold(polled.union_all(only_sampled)))


def _end_cover(at: str, cap_seconds: int) -> Expression:
    return dateadd("second", lit(cap_seconds), col(at)).alias("covered_until")


def _name_samples(samples: DataFrame, polls: DataFrame) -> DataFrame:
    """Return the samples whose streamer and category are known: by themselves, or by polls of the same stream."""
    seen = polls.filter(in_([col("stream_id")], samples.select("stream_id")))
    streamers = seen.group_by(col("stream_id").alias("seen_stream")).agg(max("streamer_id").alias("seen_streamer"))
    games = seen.group_by(col("stream_id").alias("played_stream"), col("game_name").alias("played_name")).agg(
        max("game_id").alias("played_game")
    )
    is_its_game = (col("stream_id") == col("played_stream")) & (col("game_name") == col("played_name"))
    told = samples.join(streamers, on=col("stream_id") == col("seen_stream"), how="left").join(
        games, on=is_its_game, how="left"
    )
    carried = [name for name in _SHARED if name not in ("snapshot_at", "streamer_id", "game_id")]
    named = told.select(
        *carried,
        col("collected_at").alias("snapshot_at"),
        coalesce(col("streamer_id"), col("seen_streamer")).alias("streamer_id"),
        coalesce(col("game_id"), col("played_game")).alias("game_id"),
        "is_narrowed",
    )
    return named.filter(are_known(("streamer_id", "game_id")))


def _hold(observations: DataFrame) -> DataFrame:
    of_stream = Window.partition_by("stream_id").order_by("snapshot_at")
    so_far = of_stream.rows_between(Window.UNBOUNDED_PRECEDING, Window.CURRENT_ROW)
    followed = observations.select(
        *_SHARED,
        "is_poll",
        "is_narrowed",
        hash_key("platform", "streamer_id").alias("streamer_key"),
        datediff("millisecond", col("snapshot_at"), lead("snapshot_at").over(of_stream)).alias("until_next_ms"),
        datediff("millisecond", col("snapshot_at"), max("covered_until").over(so_far)).alias("covered_ms"),
    )
    return followed.select("*", coalesce(least(col("until_next_ms"), col("covered_ms")), lit(0)).alias("hold_ms"))
