"""Rows of an activity from the rows of a frame: dated, named by their owner, with the declared features.

What comes out has not met the identities yet: it says which id of the source did it, in `<platform>:<id>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transforms.contract import BOOLEAN, TEXT, TIMESTAMP, money
from transforms.formulas.keys import hash_key
from transforms.functions import Window, col, lit, object_construct_keep_null, row_number, to_variant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snowflake.snowpark import Column, DataFrame

    from transforms.activity.activities import Activity


@dataclass(frozen=True)
class Owner:
    """Whose deeds they are: the columns in which the facts name them.

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
    """One event per row of the frame.

    Args:
        activity: The activity; the frame has a column for each of its features.
        frame: Rows with `platform` and the owner's columns.
        owner: Who did it.
        business_key: Columns that name the deed within its platform.
        ts: Column with the time of the deed, or its day.
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
        features_of(activity).alias("feature_json"),
        money_moved.cast(money()).alias("revenue_impact"),
        shared.cast(BOOLEAN).alias("is_anonymous"),
    )


def features_of(activity: Activity) -> Column:
    """The activity's features from the columns of their names, as one object that keeps NULLs."""
    pairs = [part for one in activity.features for part in (lit(one.name), col(one.name).cast(one.type))]
    return to_variant(object_construct_keep_null(*pairs))


def once_each(activity: Activity, moments: DataFrame) -> DataFrame:
    """A lifecycle activity: the first of the moments at which its rule holds, per person.

    Args:
        activity: The activity.
        moments: `person`, `customer`, `anonymous_customer_id`, `ts` and `activity_id` of the deed that fulfilled the
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
        features_of(activity).alias("feature_json"),
        lit(None).cast(money()).alias("revenue_impact"),
        lit(None).cast(TEXT).alias("link"),
        "person",
    )


def feature(activity: Activity, name: str) -> Column:
    """A feature of the activity, read from feature_json."""
    declared = next(one for one in activity.features if one.name == name)
    return col("feature_json")[name].cast(declared.type)


def deeds(events: DataFrame, activity: Activity, *names: str) -> DataFrame:
    """The stored rows of an activity with some of its features as columns."""
    chosen = events.filter(col("activity") == lit(activity.name))
    kept = ("activity_id", "platform", "ts", "person", "customer", "anonymous_customer_id")
    return chosen.select(*kept, *[feature(activity, name).alias(name) for name in names])
