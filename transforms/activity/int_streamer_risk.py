"""When each streamer's last 7 days first fell below half of the 7 before, whether that moment has come or not.

Grain    one streamer on one platform
Key      person, platform
Source   int_streamer_events
Units    counts; every *_at is UTC without zone
Rerun    recomputes the streamers whose events changed
Gaps     days without events count as 0; unique viewers are summed over broadcasts, as no source counts them per week
"""

from __future__ import annotations

from transforms import columns
from transforms.activity import columns as activity_columns
from transforms.activity.definitions.events import read_events
from transforms.activity.definitions.streamer import STREAM_ENDED, STREAM_STARTED
from transforms.contract import DATE, INTEGER, TEXT, TIMESTAMP, Column, MergeOnKey, Table, locate_table
from transforms.functions import (
    DataFrame,
    Expression,
    Window,
    coalesce,
    col,
    dateadd,
    datediff,
    iff,
    lit,
    max,
    min_by,
    sum,
)

COUNTS = ("streams", "streams_before", "unique_viewers", "unique_viewers_before")

TABLE = Table(
    *locate_table(__name__),
    grain="one streamer on one platform",
    key=("person", "platform"),
    write=MergeOnKey(),
    recompute_by=("person",),
    tags=("activity",),
    columns=(
        activity_columns.person,
        columns.platform,
        Column("newest_stream_at", TIMESTAMP, "newest begin or end of a broadcast there, UTC", nullable=False),
        Column("at_risk_at", TIMESTAMP, "end of the first UTC day at which the rule holds; NULL for never"),
        Column("reason", TEXT, "streams or unique_viewers; streams where both fell"),
        *[Column(name, INTEGER, f"{name.replace('_', ' ')} at that time", minimum=0) for name in COUNTS],
    ),
)

# A row of another activity, a gift say, gives nothing here.
MATTERS = {"int_streamer_events": lambda: col("activity").in_(lit(STREAM_STARTED.name), lit(STREAM_ENDED.name))}
_WEEK = 7
_EPOCH = "1970-01-01"


def build(int_streamer_events: DataFrame) -> DataFrame:
    """Find each streamer's first moment at risk.

    Both sums stay as they are between the days on which a broadcast enters or leaves one of the two weeks, and only a
    broadcast that goes from the last week to the one before can lower the share: so it is enough to look at the day
    that is a week after each active one.
    """
    streams = _streams(int_streamer_events)
    per_platform = streams.group_by("person", "platform").agg(max("ts").alias("newest_stream_at"))
    first = _first_moments(_judge_risk(_days(streams)))
    joined = per_platform.join(first, on=col("person") == col("risk_of"), how="left")
    return TABLE.select(joined)


def _streams(events: DataFrame) -> DataFrame:
    started = read_events(events, STREAM_STARTED).select(
        *("person", "platform", "ts"), lit(1).alias("streams"), lit(0).alias("unique_viewers")
    )
    viewers = coalesce(col("unique_viewers"), lit(0))
    ended = read_events(events, STREAM_ENDED, "unique_viewers").select(
        *("person", "platform", "ts"), lit(0).alias("streams"), viewers.alias("unique_viewers")
    )
    return started.union_all(ended)


def _days(streams: DataFrame) -> DataFrame:
    """Return one row per person and active UTC day."""
    dated = streams.select("person", "streams", "unique_viewers", col("ts").cast(DATE).alias("active_on"))
    per_day = dated.group_by("person", "active_on").agg(
        sum("streams").alias("streams"), sum("unique_viewers").alias("unique_viewers")
    )
    return per_day.select("*", datediff("day", lit(_EPOCH).cast(DATE), col("active_on")).alias("day_number"))


def _judge_risk(days: DataFrame) -> DataFrame:
    """Return both weeks as they are a week after each active day, and when that day ends."""
    in_order = Window.partition_by("person").order_by("day_number")
    before, last = in_order.range_between(1 - _WEEK, 0), in_order.range_between(1, _WEEK)
    names = ("streams", "unique_viewers")
    sums = [coalesce(sum(name).over(last), lit(0)).cast(INTEGER).alias(f"{name}_last") for name in names]
    sums += [sum(name).over(before).cast(INTEGER).alias(f"{name}_before") for name in names]
    end_of_day = dateadd("day", lit(_WEEK + 1), col("active_on")).cast(TIMESTAMP)
    return days.select("person", end_of_day.alias("at_risk_at"), *sums)


def _first_moments(weeks: DataFrame) -> DataFrame:
    """Return the first moment per person at which one of both has fallen."""
    reason = iff(_has_fallen("streams"), lit("streams"), lit("unique_viewers"))
    fallen = weeks.filter(_has_fallen("streams") | _has_fallen("unique_viewers")).select(
        "person",
        "at_risk_at",
        reason.alias("reason"),
        col("streams_last").alias("streams"),
        "streams_before",
        col("unique_viewers_last").alias("unique_viewers"),
        "unique_viewers_before",
    )
    taken = ("at_risk_at", "reason", *COUNTS)
    return fallen.group_by(col("person").alias("risk_of")).agg(
        *[min_by(name, "at_risk_at").alias(name) for name in taken]
    )


def _has_fallen(name: str) -> Expression:
    return col(f"{name}_last") * lit(2) < col(f"{name}_before")
