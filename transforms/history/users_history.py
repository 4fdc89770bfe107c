"""What billing's users were over time: country and plan.

Grain    one version of one user
Key      user_key, valid_from
Source   stg_billing_users
Units    every time is UTC without zone; a version holds in [valid_from, valid_to)
Rerun    recomputes the users that new deliveries name or miss; late deliveries are spliced in
Gaps     a user that a delivery misses is deleted: a version with is_deleted follows, with the last known values
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import VERSION_COLUMNS, HardDeletes, History, Strategy, Table, locate_table
from transforms.functions import DataFrame

TABLE = Table(
    *locate_table(__name__),
    grain="one version of one user",
    key=("user_key", "valid_from"),
    write=History(
        strategy=Strategy.CHECK,
        tracked=("country", "plan_type"),
        hard_deletes=HardDeletes.NEW_RECORD,
        named_by=("user_id",),
    ),
    recompute_by=("user_key",),
    cluster_by="valid_from",
    tags=("billing",),
    columns=(
        columns.user_key,
        columns.platform,
        columns.user_id,
        columns.country,
        columns.plan_type,
        columns.signup_date,
        *VERSION_COLUMNS,
    ),
)


def build(stg_billing_users: DataFrame) -> DataFrame:
    """Observe country and plan of every user that a delivery lists."""
    return TABLE.observe(stg_billing_users)
