"""Billing's users as the files have them.

Grain    one line of a users file
Key      _source_file, _source_row
Source   landing files billing/users
Units    nothing is interpreted; _snapshot_at is the delivery's time, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     a file lists every user: who is not in it is gone, which the history tells
"""

from transforms.raw import declare_source_table

TABLE = declare_source_table(
    "billing/users",
    grain="one line of a users file",
    fields="user_id country signup_date plan_type updated_at",
    is_complete=True,
)
