"""Revenue by month of payment.

Grain    one month with payments
Key      year_month
Source   fact_payments
Units    money exact to the cent; revenue is net of refunds
Rerun    recomputes the months whose payments changed
Gaps     a month without payments has no row; payments of unknown users count; one of 0 is neither payment nor refund
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import INTEGER, Column, MergeOnKey, Table, locate_table, money
from transforms.functions import DataFrame, col, count, iff, lit, sum

TABLE = Table(
    *locate_table(__name__),
    grain="one month with payments",
    key=("year_month",),
    write=MergeOnKey(),
    recompute_by=("year_month",),
    revision=2,
    tags=("billing",),
    columns=(
        columns.year_month,
        columns.revenue,
        columns.payment_count,
        Column("refunded", money(), "sum of the refunds, as a positive amount", nullable=False, minimum=0),
        Column("refund_count", INTEGER, "refunds", nullable=False, minimum=0),
    ),
)


def build(fact_payments: DataFrame) -> DataFrame:
    """Sum each month's payments and refunds."""
    refund = iff(col("is_refund"), -col("amount"), lit(0).cast(money()))
    per_month = fact_payments.group_by("year_month").agg(
        sum("amount").alias("revenue"),
        count(iff(col("amount") > lit(0), lit(1), lit(None))).alias("payment_count"),
        sum(refund).alias("refunded"),
        count(iff(col("is_refund"), lit(1), lit(None))).alias("refund_count"),
    )
    return TABLE.select(per_month)
