"""Gifts as the tab TRANSACTIONS has them.

Grain    one line of TRANSACTIONS in one read
Key      _source_file, _source_row
Source   landing files livelogs/gifts
Units    nothing is interpreted; _snapshot_at is the time of the read, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     a read lists the whole tab; what is gone from it stays in the facts, and that it shrank is reported
"""

from transforms.raw import declare_source_table

TABLE = declare_source_table(
    "livelogs/gifts",
    grain="one line of TRANSACTIONS in one read",
    fields="""
        id receiverUserID userID utcTimestamp timestamp type giftID point isCanceled migration recordID recordPoint
        tradeID
    """,
    is_complete=True,
)
