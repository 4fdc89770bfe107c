"""Gifts that viewers gave to streamers, with the logged stream in which they were given.

Grain    one gift transaction
Key      gift_transaction_id
Source   int_named_gifts, fact_live_streams
Units    points are whole; gifted_at is UTC without zone
Rerun    recomputes the streamers whose gifts or streams changed
Gaps     stream_id is NULL outside of every logged stream of the streamer; where two overlap the later began holds it
"""

from __future__ import annotations

from collections.abc import Sequence

from transforms import columns
from transforms.contract import BOOLEAN, INTEGER, Column, MergeOnKey, Table, locate_table
from transforms.formulas.deduplicate import latest_per_key
from transforms.functions import DataFrame, col, iff, lit
from transforms.marts.int_named_gifts import TABLE as GIFTS
from transforms.staging import livelogs_columns as logged

TABLE = Table(
    *locate_table(__name__),
    grain="one gift transaction",
    key=("gift_transaction_id",),
    write=MergeOnKey(),
    recompute_by=("streamer_key",),
    cluster_by="gifted_at",
    tags=("livelogs",),
    columns=(
        logged.drop_payload(logged.gift_transaction_id),
        *columns.OF_STREAMER,
        columns.user_key.replace(references="dim_users.user_key"),
        columns.user_id,
        *map(logged.drop_payload, (logged.gifted_at, logged.transaction_type, logged.gift_id)),
        logged.gift_name,
        logged.drop_payload(logged.points),
        logged.drop_payload(logged.is_cancelled),
        Column("is_anonymous", BOOLEAN, "who gave it is not told: no user, or a shared one", nullable=False),
        columns.stream_id.replace(
            nullable=True,
            description="the streamer's logged stream that was on at gifted_at, its ends included",
            references="fact_live_streams.stream_id",
        ),
        Column("points_in_stream", INTEGER, "points that count for stream_id; 0 outside or cancelled", nullable=False),
        *map(logged.drop_payload, (logged.migration, logged.record_id, logged.record_points, logged.trade_id)),
    ),
)


def build(int_named_gifts: DataFrame, fact_live_streams: DataFrame, *, anonymous_user_ids: Sequence[str]) -> DataFrame:
    """Find the stream that each gift was given in, and tell gifts of nobody in particular."""
    placed = _in_their_streams(int_named_gifts, fact_live_streams)
    counts = col("stream_id").is_not_null() & ~col("is_cancelled")
    is_anonymous = col("user_id").in_(*[lit(user_id) for user_id in ("", *anonymous_user_ids)])
    return TABLE.select(
        placed.select(
            "*", iff(counts, col("points"), lit(0)).alias("points_in_stream"), is_anonymous.alias("is_anonymous")
        )
    )


def _in_their_streams(int_named_gifts: DataFrame, fact_live_streams: DataFrame) -> DataFrame:
    """Return each gift once, with the stream that began last of those that were on."""
    streams = fact_live_streams.select(
        col("streamer_key").alias("stream_of"),
        col("stream_id"),
        col("started_at").alias("stream_from"),
        col("ended_at").alias("stream_to"),
    )
    was_on = (col("stream_from") <= col("gifted_at")) & (col("gifted_at") <= col("stream_to"))
    joined = int_named_gifts.join(streams, on=(col("streamer_key") == col("stream_of")) & was_on, how="left")
    return latest_per_key(joined, GIFTS.column_names, {"stream_from": ("stream_id",)})
