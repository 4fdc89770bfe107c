"""Kinds of gifts as the tab GIFT_TYPE has them.

Grain    one line of GIFT_TYPE in one read
Key      _source_file, _source_row
Source   landing files livelogs/gift_types
Units    nothing is interpreted; _snapshot_at is the time of the read, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     a read lists the whole tab; what is gone from it stays in the facts, and that it shrank is reported
"""

from transforms.raw import declare_source_table

TABLE = declare_source_table(
    "livelogs/gift_types", grain="one line of GIFT_TYPE in one read", fields="giftID name point", is_complete=True
)
