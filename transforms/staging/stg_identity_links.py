"""Identity links: one row per link in one delivery.

Grain    one link of one id, made at one time, in one delivery
Key      platform, anonymous_id, linked_at, snapshot_at
Source   raw_identity_links
Payload  RECORD: platform, anonymous_id, customer_platform, customer_id, linked_at
Units    every *_at is UTC without zone
Rerun    a record replaces another of its key only if it is strictly greater by filled fields, then by its values
Gaps     an empty customer_id takes the link back; without linked_at a link counts as made when it was delivered
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import TEXT, TIMESTAMP, Column, MergeOnKey, Table, locate_table
from transforms.functions import DataFrame, coalesce, col
from transforms.staging.parsing import parse

TABLE = Table(
    *locate_table(__name__),
    grain="one link of one id, made at one time, in one delivery",
    key=("platform", "anonymous_id", "linked_at", "snapshot_at"),
    write=MergeOnKey(),
    cluster_by="snapshot_at",
    revision=3,
    tags=("identity",),
    columns=(
        columns.platform.replace(payload="platform", empty_is_null=True),
        Column(
            "anonymous_id",
            TEXT,
            "id whose owner is told, as its source gave it",
            nullable=False,
            payload="anonymous_id",
            empty_is_null=True,
        ),
        Column("linked_at", TIMESTAMP, "when the link was made, UTC", nullable=False),
        columns.snapshot_at,
        Column(
            "customer_platform",
            TEXT,
            "id space of customer_id; NULL: that of anonymous_id",
            payload="customer_platform",
            empty_is_null=True,
        ),
        Column("customer_id", TEXT, "who it is; NULL takes the link back", payload="customer_id", empty_is_null=True),
        Column("stated_at", TIMESTAMP, "when the link was made, as the file states it", payload="linked_at"),
    ),
)


def build(raw_identity_links: DataFrame) -> DataFrame:
    """Read the records, typed."""
    parsed = parse(raw_identity_links, TABLE)
    return TABLE.select(parsed.select("*", coalesce(col("stated_at"), col("snapshot_at")).alias("linked_at")))
