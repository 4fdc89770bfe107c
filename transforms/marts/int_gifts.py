"""Gifts as they were last read: the first step between the reads and fact_gifts.

Grain    one gift transaction
Key      gift_transaction_id
Source   stg_livelogs_gifts
Units    points are whole; gifted_at is UTC without zone
Rerun    recomputes the gifts that new rows name; a later read corrects an earlier one, whenever it arrives
Gaps     a gift that is gone from a later read stays as it was last read
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import MergeOnKey, Table, locate_table
from transforms.formulas.deduplicate import latest_per_key
from transforms.functions import DataFrame
from transforms.staging import livelogs_columns as logged

# What a gift says beside its key, in the order of the fact.
OF_GIFT = (*columns.STREAMER, columns.user_key, columns.user_id, *map(logged.drop_payload, logged.OF_GIFT))

TABLE = Table(
    *locate_table(__name__),
    grain="one gift transaction",
    key=("gift_transaction_id",),
    write=MergeOnKey(),
    recompute_by=("gift_transaction_id",),
    cluster_by="gifted_at",
    tags=("livelogs",),
    columns=(logged.drop_payload(logged.gift_transaction_id), *OF_GIFT),
)


def build(stg_livelogs_gifts: DataFrame) -> DataFrame:
    """Take the newest observation of each gift."""
    newest = {"snapshot_at": [column.name for column in OF_GIFT]}
    return TABLE.select(latest_per_key(stg_livelogs_gifts, ("gift_transaction_id",), newest))
