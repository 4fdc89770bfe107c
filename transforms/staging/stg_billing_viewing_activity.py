"""Billing's viewing activity: one row per user and day in one delivery.

Grain    one user on one day in one delivery
Key      user_id, watch_date, snapshot_at
Source   raw_billing_viewing_activity
Payload  RECORD: user_id, watch_date, hours_watched
Units    hours_watched in hours
Rerun    a record replaces another of its key only if it is strictly greater by filled fields, then by its values
Gaps     a delivery lists some of the days: absence says nothing; a day listed twice keeps its last line
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import MergeOnKey, Table, locate_table
from transforms.functions import DataFrame
from transforms.staging.parsing import name_owners, parse

_MOST_HOURS = 1000  # many screens at once, and far from what a sum could not hold

TABLE = Table(
    *locate_table(__name__),
    grain="one user on one day in one delivery",
    key=("user_id", "watch_date", "snapshot_at"),
    write=MergeOnKey(),
    cluster_by="snapshot_at",
    revision=3,
    tags=("billing",),
    columns=(
        columns.user_id.replace(payload="user_id"),
        columns.watch_date.replace(payload="watch_date"),
        columns.snapshot_at,
        columns.platform,
        columns.user_key,
        columns.hours_watched.replace(
            payload="hours_watched", description="hours that the user watched on the day", maximum=_MOST_HOURS
        ),
    ),
)


def build(raw_billing_viewing_activity: DataFrame, *, decimal_comma: bool = False) -> DataFrame:
    """Read the records, typed, and name the user by platform and id."""
    parsed = parse(raw_billing_viewing_activity, TABLE, decimal_comma=decimal_comma)
    return name_owners(parsed, TABLE, columns.BILLING, user_key="user_id")
