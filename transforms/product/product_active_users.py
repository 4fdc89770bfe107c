"""Active users by calendar day (DAU), week (WAU) and month (MAU), their numbers of active days, and how sticky it is.

Grain    one number of days in one day, week or month: users who were active on exactly, or at least, so many days
Key      period, period_start, active_days
Source   int_product_user_periods
Units    distinct merged users; periods are calendar ones (UTC days, weeks from Monday, months), not the 7 or 28 days
         before a day; stickiness is a share from 0 to 1
Rerun    recomputes the periods that users' new, changed or gone rows touch
Gaps     a period without a user has no rows; one that is not over has the counts so far
"""

from __future__ import annotations

from transforms.contract import FLOAT, INTEGER, Column, MergeOnKey, Table, locate_table
from transforms.formulas import periods
from transforms.functions import DataFrame, Window, array_generate_range, coalesce, col, count, datediff, lit, sum
from transforms.product.int_product_user_periods import active_days

TABLE = Table(
    *locate_table(__name__),
    grain="one number of days in one day, week or month",
    key=("period", "period_start", "active_days"),
    write=MergeOnKey(),
    recompute_by=("period", "period_start"),
    tags=("amplitude",),
    columns=(
        periods.period,
        periods.period_start,
        active_days.replace(description="number of days, from 1 to those of the period"),
        Column("active_users", INTEGER, "users of the calendar period: DAU, WAU or MAU", nullable=False, minimum=1),
        Column("exactly_users", INTEGER, "of them on exactly active_days days", nullable=False, minimum=0),
        Column("at_least_users", INTEGER, "of them on at least active_days days", nullable=False, minimum=0),
        Column("avg_daily_users", FLOAT, "users per day of the period, days without any included", nullable=False),
        Column("stickiness", FLOAT, "avg_daily_users / active_users", nullable=False, minimum=0, maximum=1),
    ),
)

_PERIOD = ("period", "period_start")


def build(int_product_user_periods: DataFrame) -> DataFrame:
    """Count the users of each period by their number of days, and put zeros where nobody has that number."""
    by_days = int_product_user_periods.group_by(*_PERIOD, "active_days").agg(count(lit(1)).alias("user_count"))
    per_period = by_days.group_by(*_PERIOD).agg(
        sum("user_count").alias("active_users"), sum(col("user_count") * col("active_days")).alias("user_days")
    )
    days = datediff("day", col("period_start"), periods.period_after(col("period_start")))
    sized = per_period.select("*", days.alias("day_count"))
    numbers = sized.select("*", array_generate_range(lit(1), col("day_count") + lit(1)).alias("numbers"))
    spine = numbers.join_table_function("flatten", col("numbers")).select(
        col("period").alias("kind"),
        col("period_start").alias("begin_date"),
        "active_users",
        "user_days",
        "day_count",
        col("value").cast(INTEGER).alias("number_of_days"),
    )
    is_same = (
        (col("period") == col("kind"))
        & (col("period_start") == col("begin_date"))
        & (col("active_days") == col("number_of_days"))
    )
    filled = spine.join(by_days, on=is_same, how="left").select(
        col("kind").alias("period"),
        col("begin_date").alias("period_start"),
        col("number_of_days").alias("active_days"),
        "active_users",
        coalesce(col("user_count"), lit(0)).alias("exactly_users"),
        (col("user_days").cast(FLOAT) / col("day_count").cast(FLOAT)).alias("avg_daily_users"),
    )
    most_first = Window.partition_by(*_PERIOD).order_by(col("active_days").desc())
    counted = filled.select("*", sum("exactly_users").over(most_first).alias("at_least_users"))
    share = col("avg_daily_users") / col("active_users").cast(FLOAT)
    return TABLE.select(counted.select("*", share.alias("stickiness")))
