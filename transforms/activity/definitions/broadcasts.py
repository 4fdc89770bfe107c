"""Broadcasts of all platforms in one shape: sessions that polls saw, and streams that the live logs list."""

from __future__ import annotations

from collections.abc import Mapping

from transforms.contract import BOOLEAN, FLOAT, INTEGER, TEXT
from transforms.formulas.frames import null_of
from transforms.formulas.measures import MS_PER_HOUR
from transforms.functions import DataFrame, Expression, coalesce, col, datediff, lit
from transforms.types import DataType

_STREAM = ("stream_id", "platform", "streamer_key", "streamer_id")
_KIND = {"streamer_type": TEXT, "is_private": BOOLEAN, "is_show": BOOLEAN, "culture_group": TEXT}
_RESULT = {
    "unique_viewers": INTEGER,
    "like_count": INTEGER,
    "comment_count": INTEGER,
    "follow_change": INTEGER,
    "receive_points": INTEGER,
    "close_by": TEXT,
}
_SECONDS_PER_HOUR = MS_PER_HOUR // 1000


def list_started(fact_stream_sessions: DataFrame, fact_live_streams: DataFrame) -> DataFrame:
    """List every broadcast with its begin, what is known of its kind, and `live_until`: its end or last sample."""
    begin = coalesce(col("started_at"), col("first_seen_at"))
    polled = fact_stream_sessions.select(
        *_STREAM, begin.alias("started_at"), col("last_seen_at").alias("live_until"), *_unknown(_KIND)
    )
    until = coalesce(col("ended_at"), col("started_at"))
    logged = fact_live_streams.select(*_STREAM, "started_at", until.alias("live_until"), *_typed(_KIND))
    return polled.union_all(logged)


def list_ended(int_stream_ends: DataFrame, fact_live_streams: DataFrame) -> DataFrame:
    """List every broadcast that is over, with its length and what came of it."""
    seconds = datediff("second", col("started_at"), col("ended_at"))
    polled = int_stream_ends.select(
        *_STREAM,
        "ended_at",
        seconds.alias("duration_seconds"),
        col("peak_viewers").alias("max_viewers"),
        "hours_watched",
        *_unknown(_RESULT),
    )
    hours = col("total_viewer_seconds").cast(FLOAT) / lit(float(_SECONDS_PER_HOUR))
    logged = fact_live_streams.filter(col("ended_at").is_not_null()).select(
        *_STREAM, "ended_at", "duration_seconds", "max_viewers", hours.alias("hours_watched"), *_typed(_RESULT)
    )
    return polled.union_all(logged)


def _unknown(types: Mapping[str, DataType]) -> list[Expression]:
    return [null_of(type_).alias(name) for name, type_ in types.items()]


def _typed(types: Mapping[str, DataType]) -> list[Expression]:
    return [col(name).cast(type_).alias(name) for name, type_ in types.items()]
