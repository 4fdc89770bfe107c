"""went_live: a streamer who was offline began to broadcast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity import features
from transforms.activity.activities import STREAMER, Activity, Feature
from transforms.activity.definitions import broadcasts
from transforms.activity.definitions.events import OF_STREAMER, event_rows
from transforms.contract import INTEGER
from transforms.functions import Window, col, datediff, lit, max  # noqa: A004

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

ACTIVITY = Activity(
    name="went_live",
    stream=STREAMER,
    description="a streamer who was offline for longer than the gap cap began to broadcast; a restart is none",
    features=(
        features.stream_id,
        Feature("offline_seconds", INTEGER, "since the broadcast before; NULL for the first"),
    ),
)


def events(fact_stream_sessions: DataFrame, fact_live_streams: DataFrame, *, gap_cap_seconds: int) -> DataFrame:
    """One row per broadcast before which the streamer was offline."""
    started = broadcasts.started(fact_stream_sessions, fact_live_streams)
    earlier = (
        Window.partition_by("streamer_key")
        .order_by("started_at", "stream_id")
        .rows_between(Window.UNBOUNDED_PRECEDING, -1)
    )
    followed = started.select("*", max("live_until").over(earlier).alias("was_live_until"))
    offline = followed.select(
        "*", datediff("second", col("was_live_until"), col("started_at")).alias("offline_seconds")
    )
    was_offline = col("was_live_until").is_null() | (col("offline_seconds") > lit(gap_cap_seconds))
    return event_rows(ACTIVITY, offline.filter(was_offline), OF_STREAMER, business_key=("stream_id",), ts="started_at")
