"""Switches of plan on one day: the old subscription ends on the day on which the new one begins."""

from __future__ import annotations

from transforms.contract import money
from transforms.functions import DataFrame, col, count, iff, lit

_CARRIED = ("subscription_id", "platform", "user_key", "user_id", "year_month")


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
