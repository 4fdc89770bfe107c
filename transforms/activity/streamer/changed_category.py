"""changed_category: a channel was seen in another category."""

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
    name="changed_category",
    stream=STREAMER,
    description="the channel was seen in another category than before, also when a later broadcast is",
    features=(
        features.stream_id,
        Feature("from_game_id", TEXT, "category before; empty for none"),
        Feature("from_game_name", TEXT, "its name"),
        Feature("to_game_id", TEXT, "category from then on; empty for none"),
        Feature("to_game_name", TEXT, "its name"),
    ),
)


def events(channel_history: DataFrame) -> DataFrame:
    """One row per version of the channel with another category than the version before."""
    changes = changes_of(channel_history, "game_id", ("game_id", "game_name"))
    return event_rows(ACTIVITY, changes, OF_STREAMER, business_key=("version_key",), ts="valid_from")
