"""Gifts as the tab TRANSACTIONS has them.

Grain    one line of TRANSACTIONS in one read
Key      _source_file, _source_row
Source   landing files livelogs/gifts
Units    nothing is interpreted; _snapshot_at is the time of the read, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     a read lists the whole tab; what is gone from it stays in the facts, and that it shrank is reported
"""

from __future__ import annotations

from transforms.contract import RAW_COLUMNS, Append, Layer, Table

TABLE = Table(
    name="raw_livelogs_gifts",
    layer=Layer.RAW,
    grain="one line of TRANSACTIONS in one read",
    key=("_source_file", "_source_row"),
    columns=RAW_COLUMNS,
    write=Append(),
    tags=("livelogs",),
    source="livelogs/gifts",
    fields=(
        "id",
        "receiverUserID",
        "userID",
        "utcTimestamp",
        "timestamp",
        "type",
        "giftID",
        "point",
        "isCanceled",
        "migration",
        "recordID",
        "recordPoint",
        "tradeID",
    ),
    is_complete=True,
)
