"""How often a person had done a thing, and when they did it again: from all deeds, or on from the last of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity.columns import EVENT
from transforms.contract import INTEGER
from transforms.functions import Window, coalesce, col, lead, lit, max, row_number  # noqa: A004

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

ORDER = ("ts", "activity_id")
_PARTITION = ("activity", "person")


def numbered(events: DataFrame, amounts: DataFrame) -> DataFrame:
    """Both as one stream, each activity of a person numbered by `ts, activity_id`.

    Args:
        events: All events of each person.
        amounts: What they amount to: lifecycle events.
    """
    names = [column.name for column in EVENT]
    stream = events.select(*names).union_all(amounts.select(*names))
    in_order = Window.partition_by(*_PARTITION).order_by(*ORDER)
    return stream.select(
        "*",
        row_number().over(in_order).alias("activity_occurrence"),
        lead("ts").over(in_order).alias("activity_repeated_at"),
    )


def numbered_on(events: DataFrame, amounts: DataFrame, ends: DataFrame) -> DataFrame:
    """The same for events behind the last ones of each activity of a person, which come out with them.

    Args:
        events: Events that are later than the end of their partition.
        amounts: What they amount to.
        ends: The last row of each partition of these persons, as stored.
    """
    names = [column.name for column in EVENT]
    not_counted = lit(None).cast(INTEGER).alias("counted")
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
