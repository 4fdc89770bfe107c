"""Gifts with the name of what was given: the second step between the reads and fact_gifts.

Grain    one gift transaction
Key      gift_transaction_id
Source   int_gifts, stg_livelogs_gift_types
Units    points are whole; gifted_at is UTC without zone
Rerun    recomputes all gifts of the kinds that changed or that new gifts are of
Gaps     gift_name is NULL where GIFT_TYPE never listed the kind
"""

from __future__ import annotations

from transforms.contract import MergeOnKey, Table, locate_table
from transforms.formulas.deduplicate import latest_per_key
from transforms.functions import DataFrame, col
from transforms.marts.int_gifts import TABLE as GIFTS
from transforms.staging import livelogs_columns as logged

TABLE = Table(
    *locate_table(__name__),
    grain="one gift transaction",
    key=("gift_transaction_id",),
    write=MergeOnKey(),
    recompute_by=("gift_id",),
    cluster_by="gifted_at",
    tags=("livelogs",),
    columns=(*GIFTS.columns, logged.gift_name),
)


def build(int_gifts: DataFrame, stg_livelogs_gift_types: DataFrame) -> DataFrame:
    """Name each gift by the newest name of its kind."""
    newest = latest_per_key(stg_livelogs_gift_types, ("gift_id",), {"snapshot_at": ("gift_name",)})
    names = newest.select(col("gift_id").alias("named_gift_id"), "gift_name")
    return TABLE.select(int_gifts.join(names, on=col("gift_id") == col("named_gift_id"), how="left"))
