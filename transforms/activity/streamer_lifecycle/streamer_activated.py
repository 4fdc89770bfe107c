"""streamer_activated: the streamer found an audience: the first gift, or a broadcast with enough viewers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity import features
from transforms.activity.activities import STREAMER, Activity, Feature
from transforms.activity.definitions.events import deeds, once_each
from transforms.activity.definitions.thresholds import Thresholds
from transforms.activity.streamer.gift_received import ACTIVITY as GIFT_RECEIVED
from transforms.activity.streamer.stream_ended import ACTIVITY as STREAM_ENDED
from transforms.contract import INTEGER, TEXT
from transforms.functions import coalesce, col, lit

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

ACTIVITY = Activity(
    name="streamer_activated",
    stream=STREAMER,
    description="the first gift that was not cancelled, or the end of the first broadcast with enough unique viewers",
    features=(Feature("reason", TEXT, "gift or viewers"), features.stream_id, features.unique_viewers),
)
IS_ROW_WISE = True


def events(int_streamer_events: DataFrame, *, thresholds: Thresholds) -> DataFrame:
    """The earliest of both."""
    ended = deeds(int_streamer_events, STREAM_ENDED, "stream_id", "unique_viewers")
    is_watched = col("unique_viewers") >= lit(thresholds.activation_viewers)
    watched = ended.filter(is_watched).select("*", lit("viewers").alias("reason"))
    gifts = deeds(int_streamer_events, GIFT_RECEIVED, "stream_id", "is_cancelled")
    given = gifts.filter(~coalesce(col("is_cancelled"), lit(False))).drop("is_cancelled")
    first_gifts = given.select("*", lit(None).cast(INTEGER).alias("unique_viewers"), lit("gift").alias("reason"))
    return once_each(ACTIVITY, watched.union_all(first_gifts))
