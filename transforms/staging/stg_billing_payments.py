"""Billing's payments: one row per payment in one delivery.

Grain    one payment in one delivery
Key      payment_id, snapshot_at
Source   raw_billing_payments
Payload  RECORD: payment_id, user_id, payment_date, amount, currency
Units    amount exact to the cent, negative for a refund; more than two decimals are refused, never rounded
Rerun    a record replaces another of its key only if it is strictly greater by filled fields, then by its values
Gaps     a delivery lists some of the payments: absence says nothing; user_id '' is a payment that names nobody;
         an amount in another currency is refused, never added to the others
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import MergeOnKey, Table, locate_table
from transforms.functions import DataFrame
from transforms.staging.parsing import name_owners, parse, refuse_other_currencies

TABLE = Table(
    *locate_table(__name__),
    grain="one payment in one delivery",
    key=("payment_id", "snapshot_at"),
    write=MergeOnKey(),
    cluster_by="snapshot_at",
    revision=3,
    tags=("billing",),
    columns=(
        columns.payment_id.replace(payload="payment_id", empty_is_null=True),
        columns.snapshot_at,
        columns.platform,
        columns.user_key,
        columns.user_id.replace(payload="user_id"),
        columns.payment_date.replace(payload="payment_date"),
        columns.amount.replace(payload="amount"),
    ),
)


def build(raw_billing_payments: DataFrame, *, currency: str | None = None, decimal_comma: bool = False) -> DataFrame:
    """Read the records, typed, and name the user by platform and id.

    Args:
        raw_billing_payments: Raw rows.
        currency: The one that amounts are in; None takes all.
        decimal_comma: Numbers have a comma before their decimals.
    """
    judged = refuse_other_currencies(parse(raw_billing_payments, TABLE, decimal_comma=decimal_comma), TABLE, currency)
    return name_owners(judged, TABLE, columns.BILLING, user_key="user_id")
