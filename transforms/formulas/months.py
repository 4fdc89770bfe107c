"""Calendar months: a month is named by its first day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.contract import DATE, INTEGER
from transforms.functions import array_generate_range, col, date_trunc, dateadd, datediff, lit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snowflake.snowpark import Column, DataFrame


def month_of(day: Column) -> Column:
    """The first day of the day's month."""
    return date_trunc("month", day).cast(DATE)


def month_after(month: Column, months: Column | None = None) -> Column:
    """The first day of the month that follows, or of the one so many months later."""
    return dateadd("month", lit(1) if months is None else months, month).cast(DATE)


def in_each_month(frame: DataFrame, carried: Sequence[str], first: Column, last: Column) -> DataFrame:
    """The frame's rows once per month from `first` to `last`, both months and both included, as `year_month`.

    Args:
        frame: Rows with a span of months each; a row whose first month is NULL or after its last one is left out.
        carried: Columns to keep.
        first: Month with which the row's span begins.
        last: Month with which it ends.
    """
    spans = frame.select(*carried, first.alias("first_month"), last.alias("last_month")).filter(
        col("first_month") <= col("last_month")
    )
    month_count = datediff("month", col("first_month"), col("last_month")) + lit(1)
    counted = spans.select(*carried, "first_month", array_generate_range(lit(0), month_count).alias("offsets"))
    each = counted.join_table_function("flatten", col("offsets"))
    numbered = each.select(*carried, "first_month", col("value").cast(INTEGER).alias("month_offset"))
    return numbered.select(*carried, month_after(col("first_month"), col("month_offset")).alias("year_month"))
