"""super_fan: a viewer who gave one streamer again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity import features
from transforms.activity.activities import VIEWER, Activity, Feature
from transforms.activity.definitions.events import once_each
from transforms.activity.definitions.thresholds import Thresholds
from transforms.activity.gifts import gifts_of_fans
from transforms.activity.viewer.gift_sent import ACTIVITY as GIFT_SENT
from transforms.contract import INTEGER
from transforms.functions import Window, col, lit, row_number

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

ACTIVITY = Activity(
    name="super_fan",
    stream=VIEWER,
    description="the gift that made enough gifts to one streamer, for the first streamer for whom it did",
    features=(features.streamer_id, Feature("gift_count", INTEGER, "gifts to the streamer, this one included")),
)


def counts(thresholds: Thresholds) -> tuple[str, int]:
    """Which activity the rule counts, and from which one on it can hold."""
    return GIFT_SENT.name, thresholds.super_fan_gifts


def events(int_viewer_events: DataFrame, *, thresholds: Thresholds) -> DataFrame:
    """The earliest n-th gift to one streamer."""
    in_order = Window.partition_by("person", "platform", "streamer_id").order_by("ts", "activity_id")
    gifts = gifts_of_fans(int_viewer_events)
    counted = gifts.select("*", row_number().over(in_order).alias("gift_count"))
    return once_each(ACTIVITY, counted.filter(col("gift_count") == lit(thresholds.super_fan_gifts)))
