"""Days, ISO weeks and calendar months, each named by its first day, and how far the data reaches.

Weeks start on Monday whatever the account's WEEK_START is: only functions that do not read it are used.

A period is over when data of a later day is there. The clock cannot say it: logs of 2020 that are loaded today say
nothing about the days since, and of the day on which a source was last read only a part is known. What is dated after
today is not in int_customer_periods, so one wrong date does not end every period before it.
"""

from __future__ import annotations

from collections.abc import Sequence

from transforms.contract import DATE, INTEGER, TEXT, Column
from transforms.formulas.frames import null_of
from transforms.functions import (
    DataFrame,
    Expression,
    Window,
    array_generate_range,
    col,
    date_trunc,
    dateadd,
    datediff,
    function,
    iff,
    lit,
    max,
    min,
    when,
)

PERIODS = ("day", "week", "month")
_DAYS_OF_A_WEEK = 7

period = Column("period", TEXT, "kind of period; weeks start on Monday", nullable=False, accepted=PERIODS)
period_start = Column("period_start", DATE, "first day of the period, UTC", nullable=False)


def period_of(kind: str, day: Expression) -> Expression:
    """Return the first day of the day's period of one kind."""
    if kind == "month":
        return month_of(day)
    if kind == "week":
        return dateadd("day", lit(1) - function("dayofweekiso")(day), day).cast(DATE)
    return day.cast(DATE)


def period_after(start: Expression, count: Expression | None = None) -> Expression:
    """Return the first day of the next period, or of the one so many later; its kind is the frame's `period`."""
    steps = lit(1) if count is None else count
    days = when(col("period") == lit("week"), steps * lit(_DAYS_OF_A_WEEK)).otherwise(steps)
    by_month = dateadd("month", steps, start).cast(DATE)
    return when(col("period") == lit("month"), by_month).otherwise(dateadd("day", days, start).cast(DATE))


def periods_between(first: Expression, last: Expression) -> Expression:
    """Return how many periods after the first one the last one is, both named by their first days."""
    days = datediff("day", first, last)
    weeks = datediff("day", first, last) / lit(_DAYS_OF_A_WEEK)
    case = when(col("period") == lit("month"), datediff("month", first, last))
    return case.when(col("period") == lit("week"), weeks).otherwise(days).cast(INTEGER)


def in_each_period(frame: DataFrame, carried: Sequence[str], first: Expression, last: Expression) -> DataFrame:
    """Return the frame's rows once per period from `first` to `last`, both included, as `period_start` with its `age`.

    Args:
        frame: Rows with a `period` and a span of such periods; a row whose span is empty or unknown is left out.
        carried: Columns to keep beside `period`.
        first: First day of the period with which the row's span begins; its age is 0.
        last: First day of the period with which it ends.
    """
    kept = ["period", *carried]
    period_count = periods_between(col("first_start"), col("last_start"))
    each = _repeat_rows(frame.select(*kept, first.alias("first_start"), last.alias("last_start")), kept, period_count)
    return each.select(*kept, "age", period_after(col("first_start"), col("age")).alias("period_start"))


def month_of(day: Expression) -> Expression:
    """Return the first day of the day's month."""
    return date_trunc("month", day).cast(DATE)


def month_after(month: Expression, months: Expression | None = None) -> Expression:
    """Return the first day of the month that follows, or of the one so many months later."""
    return dateadd("month", lit(1) if months is None else months, month).cast(DATE)


def in_each_month(frame: DataFrame, carried: Sequence[str], first: Expression, last: Expression) -> DataFrame:
    """Return the frame's rows once per month from `first` to `last`, both months and both included, as `year_month`.

    Args:
        frame: Rows with a span of months each; a row whose first month is NULL or after its last one is left out.
        carried: Columns to keep.
        first: Month with which the row's span begins.
        last: Month with which it ends.
    """
    month_count = datediff("month", col("first_start"), col("last_start"))
    spans = frame.select(*carried, first.alias("first_start"), last.alias("last_start"))
    each = _repeat_rows(spans, carried, month_count)
    return each.select(*carried, month_after(col("first_start"), col("age")).alias("year_month"))


def _repeat_rows(spans: DataFrame, kept: Sequence[str], count: Expression) -> DataFrame:
    """Return each span `count` + 1 times, with its `first_start` and the number of the copy as `age`, from 0."""
    # A comparison with NULL keeps no row, so an unknown span is left out like an empty one.
    known = spans.filter(col("first_start") <= col("last_start"))
    counted = known.select(*kept, "first_start", array_generate_range(lit(0), count + lit(1)).alias("offsets"))
    each = counted.join_table_function("flatten", col("offsets"))
    return each.select(*kept, "first_start", col("value").cast(INTEGER).alias("age"))


def data_watermark(int_customer_periods: DataFrame) -> DataFrame:
    """Return per kind of customer and period the first and the newest one with an act, and the kind's newest day."""
    spans = int_customer_periods.group_by("customer_kind", "period").agg(
        min("period_start").alias("oldest_start"), max("period_start").alias("newest_start")
    )
    day_or_null = iff(col("period") == lit("day"), col("newest_start"), null_of(DATE))
    newest_day = max(day_or_null).over(Window.partition_by("customer_kind"))
    return spans.select("*", newest_day.alias("newest_day"))


def is_complete_period() -> Expression:
    """Return the condition on a `period_start` beside the kind's `newest_day`."""
    return period_after(col("period_start")) <= col("newest_day")
