"""Identity links as the files have them: which id of a source turned out to be which customer.

Grain    one line of a links file
Key      _source_file, _source_row
Source   landing files identity/links
Units    nothing is interpreted; _snapshot_at is the delivery's time, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     a file lists some of the links: absence says nothing
"""

from __future__ import annotations

from transforms.contract import RAW_COLUMNS, Append, Layer, Table

TABLE = Table(
    name="raw_identity_links",
    layer=Layer.RAW,
    grain="one line of a links file",
    key=("_source_file", "_source_row"),
    columns=RAW_COLUMNS,
    write=Append(),
    tags=("identity",),
    source="identity/links",
    fields=("platform", "anonymous_id", "customer_platform", "customer_id", "linked_at"),
)
