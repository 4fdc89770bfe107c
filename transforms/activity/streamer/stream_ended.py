"""stream_ended: a broadcast was over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity import features
from transforms.activity.activities import STREAMER, Activity, Feature
from transforms.activity.definitions import broadcasts
from transforms.activity.definitions.events import OF_STREAMER, event_rows
from transforms.contract import FLOAT, INTEGER, TEXT

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

ACTIVITY = Activity(
    name="stream_ended",
    stream=STREAMER,
    description="a broadcast was over: at its logged end, or at its last sample once the polls went on without it",
    features=(
        features.stream_id,
        Feature("duration_seconds", INTEGER, "from begin to end"),
        features.max_viewers,
        features.unique_viewers,
        Feature("hours_watched", FLOAT, "viewer-hours"),
        Feature("like_count", INTEGER, "likes received, live logs only"),
        Feature("comment_count", INTEGER, "comments received, live logs only"),
        Feature("follow_change", INTEGER, "followers won less followers lost, live logs only"),
        Feature("receive_points", INTEGER, "points received as the log estimates them, live logs only"),
        Feature("close_by", TEXT, "what ended it, live logs only"),
    ),
)


def events(int_stream_ends: DataFrame, fact_live_streams: DataFrame) -> DataFrame:
    """One row per broadcast that is over."""
    ended = broadcasts.ended(int_stream_ends, fact_live_streams)
    return event_rows(ACTIVITY, ended, OF_STREAMER, business_key=("stream_id",), ts="ended_at")
