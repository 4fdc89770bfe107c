"""Subscription months: each calendar month that a subscription ran in, with what it brings at the month's end.

Grain    one subscription in one month; a subscription has one user
Key      subscription_id, year_month
Source   subscriptions_history_check
Units    money exact to the cent; mrr is the price of a month (yearly / 12, weekly x 52 / 12) where the subscription is
         active at the end of the month, of the current one at the newest delivery, and 0 where it is over by then
Rerun    recomputes the subscriptions whose versions changed; all of them when the month changes
Gaps     open ends run to the current month, a deleted subscription to the day it vanished; user and period are the
         newest known; before its history a subscription costs what its first version says (is_before_history)
"""

from __future__ import annotations

from datetime import date

from transforms import columns
from transforms.contract import DATE, TEXT, TIMESTAMP, Column, MergeOnKey, Table, locate_table, money
from transforms.formulas.as_of_join import last_moment_before, with_version_at
from transforms.formulas.billing_periods import with_paid_months
from transforms.formulas.measures import with_share
from transforms.formulas.periods import in_each_month, month_after, month_of
from transforms.functions import (
    DataFrame,
    Expression,
    Window,
    coalesce,
    col,
    dateadd,
    first_value,
    greatest,
    iff,
    lag,
    lead,
    least,
    lit,
    max,
)

_PERIOD = ("platform", "user_key", "user_id", "start_date", "end_date")

TABLE = Table(
    *locate_table(__name__),
    grain="one subscription in one month",
    key=("subscription_id", "year_month"),
    write=MergeOnKey(),
    recompute_by=("subscription_id",),
    cluster_by="year_month",
    revision=2,
    tags=("billing",),
    columns=(
        columns.subscription_id,
        columns.year_month,
        *columns.OF_USER,
        columns.start_date,
        columns.end_date,
        Column("subscription_version_key", TEXT, "version in subscriptions_history_check at the end of the month"),
        columns.is_before_history,
        columns.monthly_price,
        columns.billing_period,
        columns.mrr,
    ),
)


def build(subscriptions_history_check: DataFrame, *, current_month: date) -> DataFrame:
    """Spread each subscription over its months and price them by the version at the end of each."""
    versions = _find_existing(subscriptions_history_check)
    taken = {
        "subscription_version_key": "version_key",
        "monthly_price": "monthly_price",
        "billing_period": "billing_period",
    }
    end_of_month = last_moment_before(month_after(col("year_month")))
    months = _months(versions, current_month)
    priced = with_version_at(months, versions, "subscription_id", end_of_month, taken)
    shared = with_share(with_paid_months(priced), "paid_price", "paid_months", "price_of_month")
    mrr = iff(col("active_versions") > lit(0), col("price_of_month"), lit(0).cast(money()))
    return TABLE.select(shared.select("*", mrr.alias("mrr")))


def _find_existing(history: DataFrame) -> DataFrame:
    """Return the versions in which the subscription was there, each until the next, with the newest user and period."""
    of_subscription = Window.partition_by("subscription_id")
    in_order = of_subscription.order_by("valid_from")
    newest_first = of_subscription.order_by(col("valid_from").desc())
    there = history.filter(~col("is_deleted"))
    return there.select(
        "subscription_id",
        *[first_value(col(name)).over(newest_first).alias(name) for name in _PERIOD],
        "monthly_price",
        "billing_period",
        "version_key",
        "valid_from",
        lead("valid_from").over(in_order).alias("valid_to"),
        col("valid_to").alias("there_until"),
        lag("valid_from").over(in_order).is_null().alias("is_first"),
        "observed_at_last",
    )


def _months(versions: DataFrame, current_month: date) -> DataFrame:
    """Return the months on whose days the subscription was there and its period ran, each once.

    `active_versions` counts the versions, one at most, that were there when the month ended and whose period still ran.
    """
    since = iff(col("is_first"), col("start_date"), greatest(col("start_date"), col("valid_from").cast(DATE)))
    current_day = dateadd("day", lit(-1), month_after(lit(current_month))).cast(DATE)
    until = least(
        current_day,
        coalesce(col("end_date"), current_day),
        coalesce(last_moment_before(col("there_until")).cast(DATE), current_day),
    )
    carried = ["subscription_id", *_PERIOD]
    seen = [col("there_until"), col("observed_at_last").cast(DATE).alias("seen_on")]
    spans = versions.select(*carried, *seen, since.alias("since"), until.alias("until"))
    ran = spans.filter(col("since") <= col("until"))
    months = in_each_month(
        ran, [*carried, "since", "there_until", "seen_on"], month_of(col("since")), month_of(col("until"))
    )
    is_active = iff(_is_active_at_end(current_month), lit(1), lit(0))
    return months.group_by(*carried, "year_month").agg(max(is_active).alias("active_versions"))


def _is_active_at_end(current_month: date) -> Expression:
    """Return the condition that a version is there when the month ends, and its period holds the last day.

    The current month has not ended: it is judged on the day of the newest delivery, which is the day on which the
    subscription was seen last, and not before its first day.
    """
    next_month = month_after(col("year_month"))
    last_day = dateadd("day", lit(-1), next_month).cast(DATE)
    seen_on = least(greatest(col("seen_on"), col("year_month")), last_day)
    judged_on = iff(col("year_month") == lit(current_month), seen_on, last_day)
    runs = (col("since") <= judged_on) & (coalesce(col("end_date"), judged_on) >= judged_on)
    return runs & (coalesce(col("there_until"), next_month.cast(TIMESTAMP)) >= next_month.cast(TIMESTAMP))
