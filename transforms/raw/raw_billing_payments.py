"""Billing's payments as the files have them.

Grain    one line of a payments file
Key      _source_file, _source_row
Source   landing files billing/payments
Units    nothing is interpreted; _snapshot_at is the delivery's time, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     a file lists some of the payments: absence says nothing
"""

from transforms.raw import declare_source_table

TABLE = declare_source_table(
    "billing/payments", grain="one line of a payments file", fields="payment_id user_id payment_date amount currency"
)
