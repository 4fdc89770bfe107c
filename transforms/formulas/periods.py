"""Days, ISO weeks and months side by side: a period is named by its kind and its first day.

Weeks start on Monday whatever the account's WEEK_START is: only functions that do not read it are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.contract import DATE, INTEGER, TEXT
from transforms.contract import Column as Declared
from transforms.formulas.months import month_of
from transforms.functions import array_generate_range, col, dateadd, datediff, function, lit, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snowflake.snowpark import Column, DataFrame

PERIODS = ("day", "week", "month")
_DAYS_OF_A_WEEK = 7

period = Declared("period", TEXT, "kind of period; weeks start on Monday", nullable=False, accepted=PERIODS)
period_start = Declared("period_start", DATE, "first day of the period, UTC", nullable=False)


def period_of(kind: str, day: Column) -> Column:
    """The first day of the day's period of one kind."""
    if kind == "month":
        return month_of(day)
    if kind == "week":
        return dateadd("day", lit(1) - function("dayofweekiso")(day), day).cast(DATE)
    return day.cast(DATE)


def period_after(start: Column, count: Column | None = None) -> Column:
    """The first day of the period that follows, or of the one so many later; its kind is the frame's `period`."""
    steps = lit(1) if count is None else count
    days = when(col("period") == lit("week"), steps * lit(_DAYS_OF_A_WEEK)).otherwise(steps)
    by_month = dateadd("month", steps, start).cast(DATE)
    return when(col("period") == lit("month"), by_month).otherwise(dateadd("day", days, start).cast(DATE))


def periods_between(first: Column, last: Column) -> Column:
    """How many periods after the first one the last one is, both named by their first days."""
    days = datediff("day", first, last)
    weeks = datediff("day", first, last) / lit(_DAYS_OF_A_WEEK)
    case = when(col("period") == lit("month"), datediff("month", first, last))
    return case.when(col("period") == lit("week"), weeks).otherwise(days).cast(INTEGER)


def in_each_period(frame: DataFrame, carried: Sequence[str], first: Column, last: Column) -> DataFrame:
    """The frame's rows once per period from `first` to `last`, both included, as `period_start` with its `age`.

    Args:
        frame: Rows with a `period` and a span of such periods; a row whose span is empty or unknown is left out.
        carried: Columns to keep beside `period`.
        first: First day of the period with which the row's span begins; its age is 0.
        last: First day of the period with which it ends.
    """
    kept = ["period", *carried]
    spans = frame.select(*kept, first.alias("first_period"), last.alias("last_period")).filter(
        col("first_period") <= col("last_period")
    )
    period_count = periods_between(col("first_period"), col("last_period")) + lit(1)
    counted = spans.select(*kept, "first_period", array_generate_range(lit(0), period_count).alias("offsets"))
    each = counted.join_table_function("flatten", col("offsets"))
    numbered = each.select(*kept, "first_period", col("value").cast(INTEGER).alias("age"))
    return numbered.select(*kept, "age", period_after(col("first_period"), col("age")).alias("period_start"))
