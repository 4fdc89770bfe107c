"""Billing's users: one row per user in one delivery.

Grain    one user in one delivery
Key      user_id, snapshot_at
Source   raw_billing_users
Payload  RECORD: user_id, country, signup_date, plan_type, updated_at
Units    country and plan_type in lower case without spaces around; every *_at is UTC without zone
Rerun    a record replaces another of its key only if it is strictly greater by filled fields, then by its values
Gaps     a delivery lists every user; who is missing was deleted, which users_history tells
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import MergeOnKey, Table, locate_table
from transforms.functions import DataFrame
from transforms.staging.parsing import name_owners, parse, replace_values, tidy_text

TABLE = Table(
    *locate_table(__name__),
    grain="one user in one delivery",
    key=("user_id", "snapshot_at"),
    write=MergeOnKey(newest_by=("filled_fields",)),
    cluster_by="snapshot_at",
    revision=3,
    tags=("billing",),
    columns=(
        columns.user_id.replace(payload="user_id", empty_is_null=True),
        columns.snapshot_at,
        columns.platform,
        columns.user_key,
        columns.country.replace(payload="country"),
        columns.plan_type.replace(payload="plan_type"),
        columns.signup_date.replace(payload="signup_date"),
        columns.updated_at.replace(payload="updated_at"),
        columns.filled_fields,
    ),
)


def build(raw_billing_users: DataFrame) -> DataFrame:
    """Read the records, typed, country and plan in one spelling, and name the user by platform and id."""
    parsed = parse(raw_billing_users, TABLE)
    tidy = replace_values(parsed, TABLE, country=tidy_text("country"), plan_type=tidy_text("plan_type"))
    return name_owners(tidy, TABLE, columns.BILLING, user_key="user_id")
