"""Billing's payments as the files have them.

Grain    one line of a payments file
Key      _source_file, _source_row
Source   landing files billing/payments
Units    nothing is interpreted; _snapshot_at is the delivery's time, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     a file lists some of the payments: absence says nothing
"""

from __future__ import annotations

from transforms.contract import RAW_COLUMNS, Append, Layer, Table

TABLE = Table(
    name="raw_billing_payments",
    layer=Layer.RAW,
    grain="one line of a payments file",
    key=("_source_file", "_source_row"),
    columns=RAW_COLUMNS,
    write=Append(),
    tags=("billing",),
    source="billing/payments",
    fields=("payment_id", "user_id", "payment_date", "amount", "currency"),
)
