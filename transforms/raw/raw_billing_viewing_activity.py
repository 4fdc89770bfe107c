"""Billing's viewing activity as the files have them.

Grain    one line of a viewing activity file
Key      _source_file, _source_row
Source   landing files billing/viewing_activity
Units    nothing is interpreted; _snapshot_at is the delivery's time, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     a file lists some of the days: absence says nothing
"""

from __future__ import annotations

from transforms.contract import RAW_COLUMNS, Append, Layer, Table

TABLE = Table(
    name="raw_billing_viewing_activity",
    layer=Layer.RAW,
    grain="one line of a viewing activity file",
    key=("_source_file", "_source_row"),
    columns=RAW_COLUMNS,
    write=Append(),
    tags=("billing",),
    source="billing/viewing_activity",
    fields=("user_id", "watch_date", "hours_watched"),
)
