"""stream_started: a broadcast began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity import features
from transforms.activity.activities import STREAMER, Activity, Feature
from transforms.activity.definitions import broadcasts
from transforms.activity.definitions.events import OF_STREAMER, event_rows
from transforms.contract import BOOLEAN, TEXT

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

ACTIVITY = Activity(
    name="stream_started",
    stream=STREAMER,
    description="a broadcast began, as its source dates it; a restart is a broadcast of its own",
    features=(
        features.stream_id,
        Feature("streamer_type", TEXT, "kind of broadcast, live logs only"),
        Feature("is_private", BOOLEAN, "not shown to everybody, live logs only"),
        Feature("is_show", BOOLEAN, "announced as a show, live logs only"),
        Feature("culture_group", TEXT, "audience that it is made for, live logs only"),
    ),
)


def events(fact_stream_sessions: DataFrame, fact_live_streams: DataFrame) -> DataFrame:
    """One row per broadcast."""
    started = broadcasts.started(fact_stream_sessions, fact_live_streams)
    return event_rows(ACTIVITY, started, OF_STREAMER, business_key=("stream_id",), ts="started_at")
