"""first_stream_completed: the streamer's first broadcast that lasted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity import features
from transforms.activity.activities import STREAMER, Activity, Feature
from transforms.activity.definitions.events import deeds, once_each
from transforms.activity.definitions.thresholds import Thresholds
from transforms.activity.streamer.stream_ended import ACTIVITY as STREAM_ENDED
from transforms.contract import INTEGER
from transforms.functions import col, lit

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

ACTIVITY = Activity(
    name="first_stream_completed",
    stream=STREAMER,
    description="the end of the first broadcast of at least the minimum length",
    features=(features.stream_id, Feature("duration_seconds", INTEGER, "its length")),
)
IS_ROW_WISE = True
_SECONDS_PER_MINUTE = 60


def events(int_streamer_events: DataFrame, *, thresholds: Thresholds) -> DataFrame:
    """The first ended broadcast that was long enough."""
    ended = deeds(int_streamer_events, STREAM_ENDED, "stream_id", "duration_seconds")
    is_long = col("duration_seconds") >= lit(thresholds.first_stream_minutes * _SECONDS_PER_MINUTE)
    return once_each(ACTIVITY, ended.filter(is_long))
