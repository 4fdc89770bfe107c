"""Payments as they were last delivered: the step between the deliveries and fact_payments.

Grain    one payment
Key      payment_id
Source   stg_billing_payments
Units    amount exact to the cent, negative for a refund
Rerun    recomputes the payments that new rows name; a later delivery corrects an earlier one, whenever it arrives
Gaps     a payment that is corrected to another user moves; fact_payments, which reads by user, sees it leave here
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import MergeOnKey, Table, locate_table
from transforms.formulas.deduplicate import latest_per_key
from transforms.functions import DataFrame

_VALUES = ("platform", "user_key", "user_id", "payment_date", "amount")

TABLE = Table(
    *locate_table(__name__),
    grain="one payment",
    key=("payment_id",),
    write=MergeOnKey(),
    recompute_by=("payment_id",),
    tags=("billing",),
    columns=(columns.payment_id, *[getattr(columns, name) for name in _VALUES]),
)


def build(stg_billing_payments: DataFrame) -> DataFrame:
    """Take the newest observation of each payment."""
    return TABLE.select(latest_per_key(stg_billing_payments, ("payment_id",), {"snapshot_at": _VALUES}))
