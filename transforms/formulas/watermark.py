"""How far the data reaches, which says what periods are over: a period is, when data of a later day is there.

The clock cannot say it: logs of 2020 that are loaded today say nothing about the days since, and of the day on which a
source was last read only a part is known. What is dated after today is not in int_customer_periods, so one wrong date
does not end every period before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.contract import DATE
from transforms.formulas.periods import period_after
from transforms.functions import Window, col, iff, lit, max, min  # noqa: A004

if TYPE_CHECKING:
    from snowflake.snowpark import Column, DataFrame


def reach(int_customer_periods: DataFrame) -> DataFrame:
    """Per kind of customer and period: the first and the newest period with an act, and the kind's newest day."""
    spans = int_customer_periods.group_by("customer_kind", "period").agg(
        min("period_start").alias("oldest_start"), max("period_start").alias("newest_start")
    )
    day_or_null = iff(col("period") == lit("day"), col("newest_start"), lit(None).cast(DATE))
    newest_day = max(day_or_null).over(Window.partition_by("customer_kind"))
    return spans.select("*", newest_day.alias("newest_day"))


def is_over() -> Column:
    """Condition on a `period_start` beside the kind's `newest_day`."""
    return period_after(col("period_start")) <= col("newest_day")
