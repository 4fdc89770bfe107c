"""Billing's subscriptions: one row per subscription in one delivery.

Grain    one subscription in one delivery
Key      subscription_id, snapshot_at
Source   raw_billing_subscriptions
Payload  RECORD: subscription_id, user_id, start_date, end_date, monthly_price, billing_period, updated_at
Units    monthly_price is the price of one billing period, exact to the cent; every *_at is UTC without zone
Rerun    a record replaces another of its key only if it is strictly greater by file and row
Gaps     a file without the field updated_at counts as changed when it was delivered; an empty updated_at stays NULL
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms import columns
from transforms.contract import Layer, MergeOnKey, Table
from transforms.functions import col, iff, lit, typeof
from transforms.keys import hash_key
from transforms.staging.parsing import parse, recomputed, tidied

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

TABLE = Table(
    name="stg_billing_subscriptions",
    layer=Layer.STAGING,
    grain="one subscription in one delivery",
    key=("subscription_id", "snapshot_at"),
    write=MergeOnKey(),
    cluster_by="snapshot_at",
    tags=("billing",),
    columns=(
        columns.subscription_id.but(payload="subscription_id", empty_is_null=True),
        columns.snapshot_at,
        columns.platform,
        columns.user_key,
        columns.user_id.but(payload="user_id"),
        columns.start_date.but(payload="start_date"),
        columns.end_date.but(payload="end_date"),
        columns.monthly_price.but(payload="monthly_price"),
        columns.billing_period.but(payload="billing_period"),
        columns.updated_at.but(payload="updated_at"),
    ),
)


def build(raw_billing_subscriptions: DataFrame) -> DataFrame:
    """Read the records, typed, and name the user by platform and id."""
    parsed = parse(raw_billing_subscriptions, TABLE)
    has_no_such_field = typeof(col("_record")["updated_at"]).is_null()
    changed_at = iff(has_no_such_field, col("snapshot_at"), col("updated_at"))
    tidy = recomputed(parsed, TABLE, billing_period=tidied("billing_period"), updated_at=changed_at)
    named = tidy.select("*", lit(columns.BILLING).alias("platform"))
    return TABLE.select(named.select("*", hash_key("platform", "user_id").alias("user_key")))
