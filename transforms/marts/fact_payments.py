"""Payments and refunds, beside what the user was on the day.

Grain    one payment
Key      payment_id
Source   int_payments, users_history
Units    amount exact to the cent, negative for a refund
Rerun    recomputes the users whose payments or versions changed
Gaps     a user's first version stands in before it (is_before_history); a user that no users file lists has none
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import BOOLEAN, DATE, TEXT, Column, MergeOnKey, Table, locate_table
from transforms.formulas.as_of_join import last_moment_before, with_version_at
from transforms.formulas.periods import month_of
from transforms.functions import DataFrame, col, dateadd, lit

TABLE = Table(
    *locate_table(__name__),
    grain="one payment",
    key=("payment_id",),
    write=MergeOnKey(),
    recompute_by=("user_key",),
    tags=("billing",),
    columns=(
        columns.payment_id,
        *columns.OF_USER,
        Column("user_version_key", TEXT, "the user's version in users_history at the end of payment_date"),
        columns.is_before_history,
        columns.payment_date.replace(references="dim_date.date_day"),
        columns.year_month,
        columns.amount,
        Column("is_refund", BOOLEAN, "money given back", nullable=False),
    ),
)


def build(int_payments: DataFrame, users_history: DataFrame) -> DataFrame:
    """Name each payment's month, whether it is a refund, and what its user was at the end of the day."""
    described = int_payments.select(
        "*", month_of(col("payment_date")).alias("year_month"), (col("amount") < lit(0)).alias("is_refund")
    )
    end_of_day = last_moment_before(dateadd("day", lit(1), col("payment_date")).cast(DATE))
    return TABLE.select(
        with_version_at(described, users_history, "user_key", end_of_day, {"user_version_key": "version_key"})
    )
