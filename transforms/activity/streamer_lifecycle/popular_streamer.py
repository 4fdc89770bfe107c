"""popular_streamer: many viewers at once, many gifts so far, or many followers won in one broadcast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity import features
from transforms.activity.activities import STREAMER, Activity, Feature
from transforms.activity.definitions.events import deeds, once_each
from transforms.activity.definitions.thresholds import Thresholds
from transforms.activity.streamer.gift_received import ACTIVITY as GIFT_RECEIVED
from transforms.activity.streamer.stream_ended import ACTIVITY as STREAM_ENDED
from transforms.contract import INTEGER, TEXT
from transforms.functions import Window, coalesce, col, lit, row_number, when

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

ACTIVITY = Activity(
    name="popular_streamer",
    stream=STREAMER,
    description="the end of the first broadcast with enough viewers or new followers, or the gift that made enough",
    features=(
        Feature("reason", TEXT, "viewers, followers or gifts; of several that one broadcast fulfils, the first named"),
        features.stream_id,
        features.max_viewers,
        Feature("follow_change", INTEGER, "followers won less followers lost in the broadcast"),
        Feature("gift_count", INTEGER, "gifts received until then, cancelled ones not counted; NULL for a broadcast"),
    ),
)


def counts(thresholds: Thresholds) -> tuple[str, int]:
    """Which activity the rule counts, and from which one on it can hold."""
    return GIFT_RECEIVED.name, thresholds.popular_gifts


def events(int_streamer_events: DataFrame, *, thresholds: Thresholds) -> DataFrame:
    """The earliest of the three."""
    return once_each(
        ACTIVITY, _broadcasts(int_streamer_events, thresholds).union_all(_gifts(int_streamer_events, thresholds))
    )


def _broadcasts(events: DataFrame, thresholds: Thresholds) -> DataFrame:
    ended = deeds(events, STREAM_ENDED, "stream_id", "max_viewers", "follow_change")
    has_viewers = col("max_viewers") >= lit(thresholds.popular_viewers)
    has_followers = col("follow_change") >= lit(thresholds.popular_followers)
    reason = when(has_viewers, lit("viewers")).when(has_followers, lit("followers")).otherwise(lit(None))
    judged = ended.select("*", lit(None).cast(INTEGER).alias("gift_count"), reason.cast(TEXT).alias("reason"))
    return judged.filter(col("reason").is_not_null())


def _gifts(events: DataFrame, thresholds: Thresholds) -> DataFrame:
    gifts = deeds(events, GIFT_RECEIVED, "stream_id", "is_cancelled")
    kept = gifts.filter(~coalesce(col("is_cancelled"), lit(False))).drop("is_cancelled")
    in_order = Window.partition_by("person").order_by("ts", "activity_id")
    counted = kept.select(
        "*",
        lit(None).cast(INTEGER).alias("max_viewers"),
        lit(None).cast(INTEGER).alias("follow_change"),
        row_number().over(in_order).alias("gift_count"),
        lit("gifts").cast(TEXT).alias("reason"),
    )
    return counted.filter(col("gift_count") == lit(thresholds.popular_gifts))
