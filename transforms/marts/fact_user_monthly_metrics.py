"""What each user paid, watched and subscribed to in each month.

Grain    one user in one month with a payment, viewing or a subscription
Key      user_key, year_month
Source   fact_payments, stg_billing_viewing_activity, fact_subscription_months
Units    money exact to the cent, hours_watched in hours
Rerun    recomputes the users that new rows touch
Gaps     user_id '' holds what names nobody; a viewing row of 0 hours is watching, a payment of 0 is none
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import BOOLEAN, FLOAT, INTEGER, Column, MergeOnKey, Table, locate_table, money
from transforms.formulas.billing_periods import without_replaced
from transforms.formulas.deduplicate import latest_per_key
from transforms.formulas.frames import union_all
from transforms.formulas.measures import MS_PER_HOUR
from transforms.formulas.periods import month_of
from transforms.functions import DataFrame, Expression, col, iff, lit, max, round, sum

TABLE = Table(
    *locate_table(__name__),
    grain="one user in one month",
    key=("user_key", "year_month"),
    write=MergeOnKey(),
    recompute_by=("user_key",),
    cluster_by="year_month",
    revision=2,
    tags=("billing",),
    columns=(
        columns.user_key.replace(references="dim_users.user_key"),
        columns.year_month,
        columns.platform,
        columns.user_id,
        columns.revenue,
        columns.payment_count,
        columns.hours_watched.replace(description="hours that the user watched in the month"),
        Column("is_paying", BOOLEAN, "a payment of more than 0 in the month", nullable=False),
        Column("is_watching", BOOLEAN, "a viewing row in the month", nullable=False),
        Column("active_subscriptions", INTEGER, "subscriptions that ran in the month", nullable=False, minimum=0),
        columns.mrr,
    ),
)

_USER_MONTH = ("user_key", "platform", "user_id", "year_month")
_MEASURES = ("amount", "payments", "watched_ms", "paying", "watching", "subscriptions", "month_mrr")
_AMOUNTS = ("amount", "month_mrr")


def build(
    fact_payments: DataFrame, stg_billing_viewing_activity: DataFrame, fact_subscription_months: DataFrame
) -> DataFrame:
    """Put the three side by side and sum them per user and month."""
    is_paid = iff(col("amount") > lit(0), lit(1), lit(0))
    payments = _part(fact_payments, amount=col("amount"), payments=is_paid, paying=is_paid)
    # Whole milliseconds: sums of them are exact, so they do not depend on the order in which rows are added.
    watched_ms = round(col("hours_watched") * lit(MS_PER_HOUR)).cast(INTEGER)
    viewing = _part(_viewing_days(stg_billing_viewing_activity), watched_ms=watched_ms, watching=lit(1))
    subscribed = _part(without_replaced(fact_subscription_months), subscriptions=lit(1), month_mrr=col("counted_mrr"))
    per_month = (
        union_all((payments, viewing, subscribed))
        .group_by(*_USER_MONTH)
        .agg(
            sum("amount").alias("revenue"),
            sum("payments").alias("payment_count"),
            (sum("watched_ms").cast(FLOAT) / lit(float(MS_PER_HOUR))).alias("hours_watched"),
            (max("paying") == lit(1)).alias("is_paying"),
            (max("watching") == lit(1)).alias("is_watching"),
            sum("subscriptions").alias("active_subscriptions"),
            sum("month_mrr").alias("mrr"),
        )
    )
    return TABLE.select(per_month)


def _part(rows: DataFrame, **values: Expression) -> DataFrame:
    nothing = {name: lit(0).cast(money()) if name in _AMOUNTS else lit(0) for name in _MEASURES}
    return rows.select(*_USER_MONTH, *[value.alias(name) for name, value in {**nothing, **values}.items()])


def _viewing_days(viewing: DataFrame) -> DataFrame:
    """Return each user's days as they were last delivered."""
    days = latest_per_key(
        viewing, ("user_key", "watch_date"), {"snapshot_at": ("platform", "user_id", "hours_watched")}
    )
    return days.select("*", month_of(col("watch_date")).alias("year_month"))
