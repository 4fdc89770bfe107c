"""Kinds of gifts: one row per kind in one read of the tab GIFT_TYPE.

Grain    one kind of gift in one read
Key      gift_id, snapshot_at
Source   raw_livelogs_gift_types
Payload  RECORD: giftID, name, point
Units    points are whole: what one gift of the kind is worth
Rerun    a record replaces another of its key only if it is strictly greater by filled fields, then by its values
Gaps     a kind that is gone from a later read keeps the name that it had
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import INTEGER, Column, MergeOnKey, Table, locate_table
from transforms.functions import DataFrame
from transforms.staging import livelogs_columns as logged
from transforms.staging.parsing import count_filled_fields, parse

TABLE = Table(
    *locate_table(__name__),
    grain="one kind of gift in one read",
    key=("gift_id", "snapshot_at"),
    write=MergeOnKey(newest_by=("filled_fields",)),
    cluster_by="snapshot_at",
    revision=3,
    tags=("livelogs",),
    columns=(
        logged.gift_id.replace(empty_is_null=True),
        columns.snapshot_at,
        logged.gift_name.replace(payload="name", empty_is_null=True),
        Column("list_points", INTEGER, "points that a gift of the kind is worth", payload="point"),
        columns.filled_fields,
    ),
)


def build(raw_livelogs_gift_types: DataFrame) -> DataFrame:
    """Read the records, typed."""
    return TABLE.select(parse(raw_livelogs_gift_types, TABLE).select("*", count_filled_fields(TABLE)))
