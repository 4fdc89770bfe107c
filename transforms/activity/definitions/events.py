"""Events: rows of activities made from facts, collected, validated and numbered.

What is made from facts has not met the identities yet: it says which id of the source did it, in `<platform>:<id>`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from transforms.activity import columns
from transforms.activity.definitions.activity import Activity, Definition
from transforms.contract import BOOLEAN, INTEGER, TEXT, TIMESTAMP, VARIANT, money
from transforms.formulas.frames import null_of, union_all
from transforms.formulas.keys import hash_key
from transforms.functions import (
    DataFrame,
    Expression,
    Window,
    coalesce,
    col,
    concat,
    iff,
    lead,
    lit,
    max,
    object_construct_keep_null,
    row_number,
    to_variant,
    when,
)
from transforms.write_kinds import Part, Parts


@dataclass(frozen=True)
class Owner:
    """Whose events they are: the columns in which the facts name them.

    Args:
        key: Hash of platform and id.
        id: The id as the source gave it.
    """

    key: str
    id: str


OF_STREAMER = Owner("streamer_key", "streamer_id")
OF_VIEWER = Owner("user_key", "user_id")
# What every activity that is read from facts gives, behind the owner's key and id.
EVENT = ("activity_id", "platform", "ts", "activity", "feature_json", "revenue_impact", "is_anonymous")
ORDER = ("ts", "activity_id")
_PARTITION = ("activity", "person")
_IN_RECORD = ("activity", "platform", "ts", "feature_json")
_POINT = money(6)


def event_rows(
    activity: Activity,
    frame: DataFrame,
    owner: Owner,
    *,
    business_key: Sequence[str],
    ts: str,
    revenue: str | None = None,
    is_anonymous: str | None = None,
) -> DataFrame:
    """Make one event per row of the frame.

    Args:
        activity: The activity; the frame has a column for each of its features.
        frame: Rows with `platform` and the owner's columns.
        owner: Who did it.
        business_key: Columns that name the event within its platform.
        ts: Column with the time of the event, or its day.
        revenue: Column with the money that it moved; None: it moves none.
        is_anonymous: Column that is true where the id is shared by many; None: it never is.
    """
    money_moved = lit(None) if revenue is None else col(revenue)
    shared = lit(False) if is_anonymous is None else col(is_anonymous)
    return frame.select(
        col(owner.key),
        col(owner.id),
        hash_key(lit(activity.name), "platform", *business_key).alias("activity_id"),
        col("platform"),
        col(ts).cast(TIMESTAMP).alias("ts"),
        lit(activity.name).cast(TEXT).alias("activity"),
        build_features(activity).alias("feature_json"),
        money_moved.cast(money()).alias("revenue_impact"),
        shared.cast(BOOLEAN).alias("is_anonymous"),
    )


def build_features(activity: Activity) -> Expression:
    """Put the activity's features together from the columns of their names, as one object that keeps NULLs."""
    pairs = [part for one in activity.features for part in (lit(one.name), col(one.name).cast(one.type))]
    return to_variant(object_construct_keep_null(*pairs))


def first_per_person(activity: Activity, moments: DataFrame) -> DataFrame:
    """Return a lifecycle activity: the first of the moments at which its rule holds, per person.

    Args:
        activity: The activity.
        moments: `person`, `customer`, `anonymous_customer_id`, `ts` and `activity_id` of the event that fulfilled the
            rule, and a column for each feature.
    """
    in_order = Window.partition_by("person").order_by("ts", "activity_id")
    ranked = moments.select("*", row_number().over(in_order).alias("moment"))
    first = ranked.filter(col("moment") == lit(1))
    return first.select(
        hash_key(lit(activity.name), "person").alias("activity_id"),
        "ts",
        "customer",
        "anonymous_customer_id",
        lit(activity.name).cast(TEXT).alias("activity"),
        build_features(activity).alias("feature_json"),
        null_of(money()).alias("revenue_impact"),
        null_of(TEXT).alias("link"),
        "person",
    )


def feature(activity: Activity, name: str) -> Expression:
    """Read a feature of the activity from feature_json."""
    declared = next(one for one in activity.features if one.name == name)
    return col("feature_json")[name].cast(declared.type)


def read_events(events: DataFrame, activity: Activity, *names: str) -> DataFrame:
    """Read the stored rows of an activity, with some of its features as columns."""
    chosen = events.filter(col("activity") == lit(activity.name))
    kept = ("activity_id", "platform", "ts", "person", "customer", "anonymous_customer_id")
    return chosen.select(*kept, *[feature(activity, name).alias(name) for name in names])


def with_gift_value(gifts: DataFrame, point_value: Decimal | None) -> DataFrame:
    """Add gift_value to gifts: points x point_value, negative for a cancelled gift; NULL without a point_value."""
    if point_value is None:
        return gifts.select("*", null_of(money()).alias("gift_value"))
    sign = iff(col("is_cancelled"), lit(-1), lit(1))
    return gifts.select("*", (sign * col("points") * lit(point_value).cast(_POINT)).cast(money()).alias("gift_value"))


def collect_events(definitions: Sequence[Definition], given: Mapping[str, Any]) -> DataFrame:
    """Collect the events of every activity in one frame.

    Args:
        definitions: The activities.
        given: Tables and parameters by name; each activity takes those that its `emit` names.
    """
    frames: list[DataFrame] = []
    for one in definitions:
        wanted = inspect.signature(one.emit).parameters
        frames.append(one.emit(**{name: given[name] for name in wanted}))
    return union_all(frames)


def split_parts(definitions: Sequence[Definition]) -> Parts:
    """Part the activities by what they read: those that share a table, be it through a third, are one part."""
    read = {one: frozenset(_tables_of(one)) for one in definitions}
    merged: list[frozenset[str]] = []
    for tables in read.values():
        apart = [one for one in merged if not one & tables]
        merged = [*apart, tables.union(*[one for one in merged if one & tables])]
    parts = []
    for inputs in merged:
        members = [one for one, tables in read.items() if tables <= inputs]
        is_row_wise = all(one.is_row_wise for one in members)
        parts.append(Part(tuple(sorted(inputs)), tuple(one.name for one in members), is_row_wise))
    return Parts("activity", tuple(parts))


def _tables_of(definition: Definition) -> list[str]:
    parameters = inspect.signature(definition.emit).parameters.values()
    return [one.name for one in parameters if one.kind is not one.KEYWORD_ONLY]


def validate_events(events: DataFrame) -> DataFrame:
    """Say of each event which rule it breaks, if any: somebody did it, at some time.

    A refused event has no file of its own: it is named by its activity and its id, and its record is the event.
    """
    rule = when(col("ts").is_null(), lit("ts is never NULL"))
    rule = rule.when(col("person").is_null(), lit("an event has a customer or an anonymous customer"))
    reason = when(col("ts").is_null(), lit("the event has no time"))
    reason = reason.when(col("person").is_null(), lit("its source names nobody who did it"))
    pairs = [part for name in _IN_RECORD for part in (lit(name), col(name))]
    ruled = events.select("*", rule.otherwise(lit(None)).cast(TEXT).alias("_rule"))
    is_refused = col("_rule").is_not_null()
    return ruled.select(
        "*",
        reason.otherwise(lit(None)).cast(TEXT).alias("_reason"),
        iff(is_refused, to_variant(object_construct_keep_null(*pairs)), null_of(VARIANT)).alias("_record"),
        concat(col("activity"), lit("/"), col("activity_id")).alias("_source_file"),
        lit(1).cast(INTEGER).alias("_source_row"),
        lit("").alias("_load_id"),
    )


def number_occurrences(events: DataFrame, amounts: DataFrame) -> DataFrame:
    """Put both into one stream, and number each activity of a person by `ts, activity_id`.

    Args:
        events: All events of each person.
        amounts: What they amount to: lifecycle events.
    """
    names = [column.name for column in columns.EVENT]
    stream = events.select(*names).union_all(amounts.select(*names))
    in_order = Window.partition_by(*_PARTITION).order_by(*ORDER)
    return stream.select(
        "*",
        row_number().over(in_order).alias("activity_occurrence"),
        lead("ts").over(in_order).alias("activity_repeated_at"),
    )


def continue_occurrences(events: DataFrame, amounts: DataFrame, ends: DataFrame) -> DataFrame:
    """Number events behind the last ones of each activity of a person, which come out with them.

    Args:
        events: Events that are later than the end of their partition.
        amounts: What they amount to.
        ends: The last row of each partition of these persons, as stored.
    """
    names = [column.name for column in columns.EVENT]
    not_counted = null_of(INTEGER).alias("counted")
    new = events.select(*names, not_counted).union_all(amounts.select(*names, not_counted))
    stream = new.union_all(ends.select(*names, col("activity_occurrence").alias("counted")))
    in_order = Window.partition_by(*_PARTITION).order_by(*ORDER)
    # The end, where there is one, is the first row of its partition and has counted itself.
    before = coalesce(max("counted").over(Window.partition_by(*_PARTITION)), lit(1)) - lit(1)
    return stream.select(
        *names,
        (row_number().over(in_order) + before).cast(INTEGER).alias("activity_occurrence"),
        lead("ts").over(in_order).alias("activity_repeated_at"),
    )
