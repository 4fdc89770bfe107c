"""Billing's subscriptions as the files have them.

Grain    one line of a subscriptions file
Key      _source_file, _source_row
Source   landing files billing/subscriptions
Units    nothing is interpreted; _snapshot_at is the delivery's time, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     a file lists every subscription: what is not in it is gone, which the histories tell
"""

from transforms.raw import declare_source_table

TABLE = declare_source_table(
    "billing/subscriptions",
    grain="one line of a subscriptions file",
    fields="subscription_id user_id start_date end_date monthly_price billing_period updated_at currency",
    is_complete=True,
)
