"""at_risk_streamer: a streamer who broadcasts or is watched much less than the week before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity.activities import STREAMER, Activity, Feature
from transforms.activity.definitions.events import once_each
from transforms.contract import INTEGER, TEXT
from transforms.functions import col, lit

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

ACTIVITY = Activity(
    name="at_risk_streamer",
    stream=STREAMER,
    description="the end of the first UTC day whose last 7 days have less than half of the 7 days before",
    features=(
        Feature("reason", TEXT, "streams or unique_viewers; streams where both are"),
        Feature("streams", INTEGER, "broadcasts begun in the last 7 days"),
        Feature("streams_before", INTEGER, "broadcasts begun in the 7 days before"),
        Feature("unique_viewers", INTEGER, "sum over the broadcasts that ended in the last 7 days"),
        Feature("unique_viewers_before", INTEGER, "sum over those that ended in the 7 days before"),
    ),
)
IS_ROW_WISE = True


def events(int_streamers_at_risk: DataFrame) -> DataFrame:
    """Who is at risk, at the moment of the rule."""
    moments = int_streamers_at_risk.select(
        "*",
        col("person").alias("activity_id"),
        col("at_risk_at").alias("ts"),
        col("person").alias("customer"),
        lit(None).cast(TEXT).alias("anonymous_customer_id"),
    )
    return once_each(ACTIVITY, moments)
