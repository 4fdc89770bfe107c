"""Payments and refunds.

Grain    one payment
Key      payment_id
Source   int_payments
Units    amount exact to the cent, negative for a refund
Rerun    recomputes the users whose payments changed
Gaps     a payment of a user that no users file lists is kept: dim_users holds an unknown member for it
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snowflake.snowpark.functions import col, lit

from transforms import columns
from transforms.contract import BOOLEAN, Column, Layer, MergeOnKey, Table
from transforms.months import month_of

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

TABLE = Table(
    name="fact_payments",
    layer=Layer.MARTS,
    grain="one payment",
    key=("payment_id",),
    write=MergeOnKey(),
    widen_by=("user_key",),
    tags=("billing",),
    columns=(
        columns.payment_id,
        columns.platform,
        columns.user_key.but(references="dim_users.user_key"),
        columns.user_id,
        columns.payment_date.but(references="dim_date.date_day"),
        columns.year_month,
        columns.amount,
        Column("is_refund", BOOLEAN, "money given back", nullable=False),
    ),
)


def build(int_payments: DataFrame) -> DataFrame:
    """Name each payment's month, and refunds."""
    is_refund = (col("amount") < lit(0)).alias("is_refund")
    return TABLE.select(int_payments.select("*", month_of(col("payment_date")).alias("year_month"), is_refund))
