"""changed_title: a channel was seen under another title."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity import features
from transforms.activity.activities import STREAMER, Activity, Feature
from transforms.activity.channel_changes import changes_of
from transforms.activity.definitions.events import OF_STREAMER, event_rows
from transforms.contract import TEXT

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

ACTIVITY = Activity(
    name="changed_title",
    stream=STREAMER,
    description="the channel was seen under another title than before, also when a later broadcast is",
    features=(
        features.stream_id,
        Feature("from_title", TEXT, "title before"),
        Feature("to_title", TEXT, "title from then on"),
    ),
)


def events(channel_history: DataFrame) -> DataFrame:
    """One row per version of the channel with another title than the version before."""
    changes = changes_of(channel_history, "title", ("title",))
    return event_rows(ACTIVITY, changes, OF_STREAMER, business_key=("version_key",), ts="valid_from")
