"""Gifts: one row per transaction in one read of the tab TRANSACTIONS.

Grain    one gift transaction in one read
Key      gift_transaction_id, snapshot_at
Source   raw_livelogs_gifts
Payload  RECORD: id, receiverUserID, userID, utcTimestamp, timestamp, type, giftID, point, isCanceled, migration, …
Units    points are whole; gifted_at is UTC without zone, unix_seconds the same time as the source counts it
Rerun    a record replaces another of its key only if it is strictly greater by filled fields, then by its values
Gaps     user_id '' is a giver that is not told; a gift that is gone from a later read says nothing
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import INTEGER, Column, MergeOnKey, Table, locate_table
from transforms.functions import DataFrame
from transforms.staging import livelogs_columns as logged
from transforms.staging.parsing import name_owners, parse

TABLE = Table(
    *locate_table(__name__),
    grain="one gift transaction in one read",
    key=("gift_transaction_id", "snapshot_at"),
    write=MergeOnKey(newest_by=("filled_fields",)),
    cluster_by="snapshot_at",
    revision=3,
    tags=("livelogs",),
    columns=(
        logged.gift_transaction_id.replace(empty_is_null=True),
        columns.snapshot_at,
        columns.platform,
        columns.streamer_key,
        columns.streamer_id.replace(payload="receiverUserID", empty_is_null=True),
        columns.user_key,
        columns.user_id.replace(payload="userID"),
        logged.gifted_at,
        Column("unix_seconds", INTEGER, "gifted_at in seconds since 1970, as the source gave it", payload="timestamp"),
        *logged.OF_GIFT[1:],
        columns.filled_fields,
    ),
)


def build(raw_livelogs_gifts: DataFrame) -> DataFrame:
    """Read the records, typed, and name streamer and giver by platform and id."""
    parsed = parse(raw_livelogs_gifts, TABLE)
    return name_owners(parsed, TABLE, columns.LIVELOGS, streamer_key="streamer_id", user_key="user_id")
