"""What the price of a subscription pays for, a week or some months, and which of two counts at a switch of plan."""

from __future__ import annotations

from functools import reduce

from transforms.contract import INTEGER, money
from transforms.formulas.frames import null_of
from transforms.functions import DataFrame, Expression, coalesce, col, count, iff, lit, when

WEEKLY = "weekly"
MONTHS = {"monthly": 1, "quarterly": 3, "half-yearly": 6, "yearly": 12, "annual": 12}
KNOWN = (*MONTHS, WEEKLY)
_CARRIED = ("subscription_id", "platform", "user_key", "user_id", "year_month")
_WEEKS_OF_A_YEAR, _MONTHS_OF_A_YEAR = 52, 12


def is_weekly() -> Expression:
    """Return the condition that the row's billing_period is a week."""
    return coalesce(col("billing_period") == lit(WEEKLY), lit(False))


def months_of_period() -> Expression:
    """Return months that the row's billing_period lasts; NULL for a week. Without a period it is a month."""
    first, *others = [(col("billing_period") == lit(name), lit(months)) for name, months in MONTHS.items()]
    case = reduce(lambda chain, one: chain.when(*one), others, when(*first))
    return case.when(col("billing_period").is_null(), lit(1)).otherwise(null_of(INTEGER))


def with_paid_months(frame: DataFrame) -> DataFrame:
    """Return the frame with `paid_price`, and the whole number of months that it pays for as `paid_months`.

    A year has 52 weeks here, so a price of a week is a 52nd of what twelve months cost.
    """
    price = col("monthly_price") * iff(is_weekly(), lit(_WEEKS_OF_A_YEAR), lit(1))
    months = iff(is_weekly(), lit(_MONTHS_OF_A_YEAR), months_of_period())
    return frame.select("*", price.cast(money()).alias("paid_price"), months.alias("paid_months"))


def without_replaced(fact_subscription_months: DataFrame) -> DataFrame:
    """Add `counted_mrr`: 0 where the same user's next subscription, begun on the last day, counts instead.

    Both hold that day, so at the end of a month whose last day it is both are active. Subscriptions that name nobody
    may be of different people and do not replace each other.

    Args:
        fact_subscription_months: Rows of whole users.
    """
    begun = fact_subscription_months.filter((col("mrr") > lit(0)) & (col("user_id") != lit("")))
    next_ones = begun.select(
        col("user_key").alias("next_user"), col("year_month").alias("next_month"), col("start_date").alias("next_start")
    )
    days = next_ones.group_by("next_user", "next_month", "next_start").agg(count(lit(1)).alias("next_count"))
    is_same = (col("user_key") == col("next_user")) & (col("year_month") == col("next_month"))
    is_replaced = is_same & (col("end_date") == col("next_start")) & (col("start_date") < col("end_date"))
    beside = fact_subscription_months.join(days, on=is_replaced, how="left")
    counted = iff(col("next_user").is_null(), col("mrr"), lit(0).cast(money()))
    return beside.select(*[col(name) for name in _CARRIED], counted.alias("counted_mrr"))
