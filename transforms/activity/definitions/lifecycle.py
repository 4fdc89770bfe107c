"""What the activities of a person amount to, once each: lifecycle activities of streamers and of viewers.

Each is the first moment at which its rule holds, read from what the person did before (README.md, "Lifecycle").
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from transforms.activity.definitions import features
from transforms.activity.definitions.activity import STREAMER, VIEWER, Activity, Definition, Feature, Thresholds
from transforms.activity.definitions.events import first_per_person, read_events
from transforms.activity.definitions.streamer import GIFT_RECEIVED, STREAM_ENDED
from transforms.activity.definitions.viewer import GIFT_SENT
from transforms.contract import INTEGER, TEXT
from transforms.formulas.frames import null_of, union_all
from transforms.functions import DataFrame, Window, coalesce, col, count, in_, lit, max, row_number, when

AT_RISK_STREAMER = Activity(
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
FIRST_STREAM_COMPLETED = Activity(
    name="first_stream_completed",
    stream=STREAMER,
    description="the end of the first broadcast of at least the minimum length",
    features=(features.stream_id, Feature("duration_seconds", INTEGER, "its length")),
)
_SECONDS_PER_MINUTE = 60
POPULAR_STREAMER = Activity(
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
STREAMER_ACTIVATED = Activity(
    name="streamer_activated",
    stream=STREAMER,
    description="the first gift that was not cancelled, or the end of the first broadcast with enough unique viewers",
    features=(Feature("reason", TEXT, "gift or viewers"), features.stream_id, features.unique_viewers),
)
GIFT_GIVER = Activity(
    name="gift_giver",
    stream=VIEWER,
    description="the viewer's first gift that was neither cancelled nor given anonymously",
    features=(features.streamer_id, features.gift_transaction_id),
)
SUPER_FAN = Activity(
    name="super_fan",
    stream=VIEWER,
    description="the gift that made enough gifts to one streamer, for the first streamer for whom it did",
    features=(features.streamer_id, Feature("gift_count", INTEGER, "gifts to the streamer, this one included")),
)


def emit_at_risk_streamer(int_streamers_at_risk: DataFrame) -> DataFrame:
    """Emit who is at risk, at the moment of the rule."""
    moments = int_streamers_at_risk.select(
        "*",
        col("person").alias("activity_id"),
        col("at_risk_at").alias("ts"),
        col("person").alias("customer"),
        null_of(TEXT).alias("anonymous_customer_id"),
    )
    return first_per_person(AT_RISK_STREAMER, moments)


def emit_first_stream_completed(int_streamer_events: DataFrame, *, thresholds: Thresholds) -> DataFrame:
    """Emit the first ended broadcast that was long enough."""
    ended = read_events(int_streamer_events, STREAM_ENDED, "stream_id", "duration_seconds")
    is_long = col("duration_seconds") >= lit(thresholds.first_stream_minutes * _SECONDS_PER_MINUTE)
    return first_per_person(FIRST_STREAM_COMPLETED, ended.filter(is_long))


def emit_popular_streamer(int_streamer_events: DataFrame, *, thresholds: Thresholds) -> DataFrame:
    """Emit the earliest of the three."""
    return first_per_person(
        POPULAR_STREAMER,
        _broadcasts(int_streamer_events, thresholds).union_all(_gifts(int_streamer_events, thresholds)),
    )


def _broadcasts(events: DataFrame, thresholds: Thresholds) -> DataFrame:
    ended = read_events(events, STREAM_ENDED, "stream_id", "max_viewers", "follow_change")
    has_viewers = col("max_viewers") >= lit(thresholds.popular_viewers)
    has_followers = col("follow_change") >= lit(thresholds.popular_followers)
    reason = when(has_viewers, lit("viewers")).when(has_followers, lit("followers")).otherwise(lit(None))
    judged = ended.select("*", null_of(INTEGER).alias("gift_count"), reason.cast(TEXT).alias("reason"))
    return judged.filter(col("reason").is_not_null())


def _gifts(events: DataFrame, thresholds: Thresholds) -> DataFrame:
    in_order = Window.partition_by("person").order_by("ts", "activity_id")
    counted = _drop_cancelled(events).select(
        "*",
        null_of(INTEGER).alias("max_viewers"),
        null_of(INTEGER).alias("follow_change"),
        row_number().over(in_order).alias("gift_count"),
        lit("gifts").cast(TEXT).alias("reason"),
    )
    return counted.filter(col("gift_count") == lit(thresholds.popular_gifts))


def _drop_cancelled(events: DataFrame) -> DataFrame:
    gifts = read_events(events, GIFT_RECEIVED, "stream_id", "is_cancelled")
    return gifts.filter(~coalesce(col("is_cancelled"), lit(False))).drop("is_cancelled")


def emit_streamer_activated(int_streamer_events: DataFrame, *, thresholds: Thresholds) -> DataFrame:
    """Emit the earliest of both."""
    ended = read_events(int_streamer_events, STREAM_ENDED, "stream_id", "unique_viewers")
    is_watched = col("unique_viewers") >= lit(thresholds.activation_viewers)
    watched = ended.filter(is_watched).select("*", lit("viewers").alias("reason"))
    first_gifts = _drop_cancelled(int_streamer_events).select(
        "*", null_of(INTEGER).alias("unique_viewers"), lit("gift").alias("reason")
    )
    return first_per_person(STREAMER_ACTIVATED, watched.union_all(first_gifts))


def emit_gift_giver(int_viewer_events: DataFrame) -> DataFrame:
    """Emit the first gift."""
    return first_per_person(GIFT_GIVER, _gifts_of_fans(int_viewer_events))


def emit_super_fan(int_viewer_events: DataFrame, *, thresholds: Thresholds) -> DataFrame:
    """Emit the earliest n-th gift to one streamer."""
    in_order = Window.partition_by("person", "platform", "streamer_id").order_by("ts", "activity_id")
    gifts = _gifts_of_fans(int_viewer_events)
    counted = gifts.select("*", row_number().over(in_order).alias("gift_count"))
    return first_per_person(SUPER_FAN, counted.filter(col("gift_count") == lit(thresholds.super_fan_gifts)))


def _gifts_of_fans(int_viewer_events: DataFrame) -> DataFrame:
    """Return gifts that were neither cancelled nor given anonymously, whoever a link says the anonymous user is."""
    gifts = read_events(
        int_viewer_events, GIFT_SENT, "gift_transaction_id", "streamer_id", "is_cancelled", "is_anonymous"
    )
    is_own = ~coalesce(col("is_cancelled"), lit(False)) & ~coalesce(col("is_anonymous"), lit(False))
    return gifts.filter(is_own).drop("is_cancelled", "is_anonymous")


def collect_new_lifecycle(
    definitions: Sequence[Definition], events: str, given: Mapping[str, Any], whole: DataFrame, ends: DataFrame
) -> DataFrame:
    """Collect the lifecycle events of persons whose events before the new ones are known to have amounted to nothing.

    A rule that one event can fulfil (`is_row_wise`) needs no event of before: an earlier one would have fulfilled it. A
    rule that counts (`counts`) reads the counted activity of those persons again for whom the count may now be reached,
    until it is. Any other rule reads everything that these persons have done.

    Args:
        definitions: The lifecycle activities.
        events: Name of the table of events.
        given: New rows of the tables, later than everything that is stored of their person; and `thresholds`.
        whole: All events.
        ends: The last row of each activity of these persons, as stored.
    """
    frames: list[DataFrame] = []
    for one in definitions:
        read = dict(given)
        if one.counts is not None:
            counted = one.counts(given["thresholds"])
            read[events] = _with_counted(one, counted, given[events], whole, ends)
        elif not one.is_row_wise:
            read[events] = whole.filter(in_([col("person")], given[events].select("person")))
        wanted = inspect.signature(one.emit).parameters
        emitted = ends.filter(col("activity") == lit(one.name)).select("person")
        moments = one.emit(**{name: read[name] for name in wanted})
        frames.append(moments.filter(~in_([col("person")], emitted)))
    return union_all(frames)


def _with_counted(
    definition: Definition, rule: tuple[str, int], new: DataFrame, whole: DataFrame, ends: DataFrame
) -> DataFrame:
    """Return new events, with all events of the counted activity of the persons who may have reached the number."""
    activity, number = rule
    is_counted = col("activity") == lit(activity)
    nothing = lit(0).cast(INTEGER)
    so_far = ends.filter(is_counted).select("person", col("activity_occurrence").alias("counted"), nothing.alias("new"))
    more = new.filter(is_counted).select("person", nothing.alias("counted"), lit(1).alias("new"))
    both = (
        so_far.union_all(more)
        .group_by("person")
        .agg(max("counted").alias("counted"), count(lit(1)).alias("found"), max("new").alias("new"))
    )
    is_stored = coalesce(col("counted"), lit(0)) > lit(0)
    total = col("counted") + col("found") - is_stored.cast(INTEGER)
    emitted = ends.filter(col("activity") == lit(definition.name)).select("person")
    reaching = both.filter((col("new") == lit(1)) & (total >= lit(number)) & ~in_([col("person")], emitted))
    names = [name for name in whole.columns if name in new.columns]
    counted = whole.filter(is_counted & in_([col("person")], reaching.select("person")))
    return new.filter(~is_counted).select(*names).union_all(counted.select(*names))


OF_STREAMERS = (
    Definition(AT_RISK_STREAMER, emit_at_risk_streamer, is_row_wise=True),
    Definition(FIRST_STREAM_COMPLETED, emit_first_stream_completed, is_row_wise=True),
    Definition(POPULAR_STREAMER, emit_popular_streamer, counts=lambda rule: (GIFT_RECEIVED.name, rule.popular_gifts)),
    Definition(STREAMER_ACTIVATED, emit_streamer_activated, is_row_wise=True),
)
OF_VIEWERS = (
    Definition(GIFT_GIVER, emit_gift_giver, is_row_wise=True),
    Definition(SUPER_FAN, emit_super_fan, counts=lambda rule: (GIFT_SENT.name, rule.super_fan_gifts)),
)
