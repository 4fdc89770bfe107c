"""When subscriptions began, went into another billing period, and were over, up to today.

Grain    one moment of one subscription
Key      subscription_id, activity, period_number
Source   subscriptions_history_check
Units    money exact to the cent; happened_at is UTC without zone
Rerun    reads all subscriptions, as time alone renews them, and writes the differences: what has come since
Gaps     user and period are the newest known, the price is that of the moment; billing tells no renewals: they are the
         same day of later months, quarters or years, or each week; a subscription that a delivery misses is
         over when it was missed
"""

from __future__ import annotations

from datetime import date

from transforms import columns
from transforms.activity import columns as activity_columns
from transforms.contract import BOOLEAN, DATE, INTEGER, TIMESTAMP, Column, Replace, Table, locate_table
from transforms.formulas.as_of_join import with_version_at
from transforms.formulas.billing_periods import is_weekly, months_of_period
from transforms.formulas.periods import in_each_month, month_of
from transforms.functions import (
    DataFrame,
    Expression,
    array_generate_range,
    coalesce,
    col,
    dateadd,
    datediff,
    floor,
    iff,
    least,
    lit,
)

TABLE = Table(
    *locate_table(__name__),
    grain="one moment of one subscription",
    key=("subscription_id", "activity", "period_number"),
    write=Replace(),
    revision=2,
    tags=("activity",),
    columns=(
        columns.subscription_id,
        activity_columns.activity,
        Column("period_number", INTEGER, "billing period that began, from 1; 0 for the end", nullable=False, minimum=0),
        *columns.USER,
        Column("happened_at", TIMESTAMP, "when, UTC", nullable=False),
        Column("is_deleted", BOOLEAN, "it vanished from the deliveries before its last day", nullable=False),
        columns.monthly_price,
        columns.billing_period,
    ),
)

_DAYS_OF_A_WEEK = 7
_CARRIED = ("subscription_id", "platform", "user_key", "user_id", "start_date", "billing_period", "last_day")
_MOMENT = ("subscription_id", "platform", "user_key", "user_id", "activity", "period_number", "is_deleted")


def build(subscriptions_history_check: DataFrame, *, today: date) -> DataFrame:
    """Lay out each subscription's moments up to today, and price them by the version of the time."""
    newest = _newest(subscriptions_history_check, today)
    moments = _periods(newest).union_all(_ends(newest, today))
    taken = {"monthly_price": "monthly_price", "billing_period": "billing_period"}
    at = col("happened_at")
    return TABLE.select(with_version_at(moments, subscriptions_history_check, "subscription_id", at, taken))


def _newest(history: DataFrame, today: date) -> DataFrame:
    """Return subscriptions as they are known, with when they were over and the last day that may begin a period."""
    over_at = least(
        coalesce(dateadd("day", lit(1), col("end_date")).cast(TIMESTAMP), _never()),
        iff(col("is_deleted"), col("valid_from"), _never()),
    )
    known = history.filter(col("is_current")).select("*", over_at.alias("over_at"))
    day_before_end = dateadd("microsecond", lit(-1), col("over_at")).cast(DATE)
    last_day = iff(col("over_at") == _never(), lit(today), least(day_before_end, lit(today)))
    vanished = col("is_deleted") & (col("over_at") == col("valid_from"))
    return known.select("*", last_day.alias("last_day"), vanished.alias("vanished"))


def _periods(newest: DataFrame) -> DataFrame:
    """Return the first day of every billing period that has begun."""
    months = in_each_month(newest, _CARRIED, month_of(col("start_date")), month_of(col("last_day")))
    offset = datediff("month", col("start_date"), col("year_month"))
    counted = months.select("*", offset.alias("month_offset"), months_of_period().alias("period_months"))
    begun = counted.filter((col("month_offset") % col("period_months")) == lit(0)).select(
        "*",
        dateadd("month", col("month_offset"), col("start_date")).cast(DATE).alias("first_day"),
        (col("month_offset") / col("period_months") + lit(1)).cast(INTEGER).alias("period_number"),
    )
    carried = (*_CARRIED, "first_day", "period_number")
    every = begun.select(*carried).union_all(_weeks(newest).select(*carried))
    named = every.filter(col("first_day") <= col("last_day")).select(
        "*",
        iff(col("period_number") == lit(1), lit("subscription_started"), lit("subscription_renewed")).alias("activity"),
        lit(False).alias("is_deleted"),
    )
    return named.select(*_MOMENT, col("first_day").cast(TIMESTAMP).alias("happened_at"))


def _weeks(newest: DataFrame) -> DataFrame:
    """Return the first days of the periods of weekly subscriptions."""
    weekly = newest.filter(is_weekly() & (col("start_date") <= col("last_day")))
    week_count = floor(datediff("day", col("start_date"), col("last_day")) / lit(_DAYS_OF_A_WEEK)).cast(INTEGER)
    offsets = array_generate_range(lit(0), week_count + lit(1)).alias("offsets")
    each = weekly.select(*_CARRIED, offsets).join_table_function("flatten", col("offsets"))
    numbered = each.select(*_CARRIED, col("value").cast(INTEGER).alias("week"))
    first_day = dateadd("day", col("week") * lit(_DAYS_OF_A_WEEK), col("start_date")).cast(DATE)
    return numbered.select(
        *_CARRIED, first_day.alias("first_day"), (col("week") + lit(1)).cast(INTEGER).alias("period_number")
    )


def _ends(newest: DataFrame, today: date) -> DataFrame:
    """Return the end of every subscription that is over."""
    is_over = (col("over_at").cast(DATE) <= lit(today)) & (col("over_at") > col("start_date").cast(TIMESTAMP))
    return newest.filter(is_over).select(
        *_MOMENT[:4],
        lit("subscription_cancelled").alias("activity"),
        lit(0).cast(INTEGER).alias("period_number"),
        col("vanished").alias("is_deleted"),
        col("over_at").alias("happened_at"),
    )


def _never() -> Expression:
    return lit("9999-12-31").cast(TIMESTAMP)
