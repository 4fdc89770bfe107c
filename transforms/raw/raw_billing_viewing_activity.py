"""Billing's viewing activity as the files have them.

Grain    one line of a viewing activity file
Key      _source_file, _source_row
Source   landing files billing/viewing_activity
Units    nothing is interpreted; _snapshot_at is the delivery's time, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     a file lists some of the days: absence says nothing
"""

from transforms.raw import declare_source_table

TABLE = declare_source_table(
    "billing/viewing_activity", grain="one line of a viewing activity file", fields="user_id watch_date hours_watched"
)
