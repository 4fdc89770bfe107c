"""How often a person had done a thing, and when they did it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity.columns import EVENT
from transforms.functions import Window, lead, row_number

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame


def numbered(events: DataFrame, amounts: DataFrame) -> DataFrame:
    """Both as one stream, each activity of a person numbered by `ts, activity_id`.

    Args:
        events: All events of each person.
        amounts: What they amount to: lifecycle events.
    """
    names = [column.name for column in EVENT]
    stream = events.select(*names).union_all(amounts.select(*names))
    in_order = Window.partition_by("activity", "person").order_by("ts", "activity_id")
    return stream.select(
        "*",
        row_number().over(in_order).alias("activity_occurrence"),
        lead("ts").over(in_order).alias("activity_repeated_at"),
    )
