"""Users as they are known now.

Grain    one user
Key      user_key, the hash of (platform, user_id); user_id '' is the unknown member of rows that name nobody
Source   stg_billing_users, stg_billing_subscriptions, stg_billing_payments, stg_billing_viewing_activity,
         stg_livelogs_gifts
Units    every *_at is UTC without zone
Rerun    new observations replace older ones only; late ones fill what they are the newest for
Gaps     users that only other files or gifts name are unknown members: is_known is false and their attributes are NULL
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import BOOLEAN, TIMESTAMP, Column, MergeOnKey, Table, locate_table
from transforms.formulas.deduplicate import latest_per_key, observe
from transforms.formulas.frames import union_all
from transforms.functions import DataFrame, col

TABLE = Table(
    *locate_table(__name__),
    grain="one user",
    key=("user_key",),
    write=MergeOnKey(),
    recompute_by=("user_key",),
    tags=("billing", "livelogs"),
    columns=(
        columns.user_key,
        columns.platform,
        columns.user_id,
        Column("is_known", BOOLEAN, "a users file has listed the user", nullable=False),
        columns.country,
        columns.plan_type,
        columns.signup_date,
        Column("details_seen_at", TIMESTAMP, "newest delivery of users that listed the user"),
        columns.first_seen_at.replace(description="first delivery that names the user, UTC"),
        columns.last_seen_at.replace(description="newest delivery that names the user, UTC"),
    ),
)

_OWNER = ("platform", "user_id")
_DETAILS = ("country", "plan_type", "signup_date")


def build(
    stg_billing_users: DataFrame,
    stg_billing_subscriptions: DataFrame,
    stg_billing_payments: DataFrame,
    stg_billing_viewing_activity: DataFrame,
    stg_livelogs_gifts: DataFrame,
) -> DataFrame:
    """Take everybody that any file or gift names, and the newest details from the users files."""
    users = observe(TABLE, stg_billing_users, (*_OWNER, *_DETAILS), {"details_seen_at": col("snapshot_at")})
    others = (stg_billing_subscriptions, stg_billing_payments, stg_billing_viewing_activity, stg_livelogs_gifts)
    return combine(union_all([users, *[observe(TABLE, frame, _OWNER, {}) for frame in others]]))


def combine(observations: DataFrame) -> DataFrame:
    """Take the newest name and details of each; a stored row is an observation like those that it came from."""
    newest = latest_per_key(
        observations,
        ("user_key", *_OWNER),
        {"details_seen_at": _DETAILS},
        lowest=("first_seen_at",),
        highest=("last_seen_at",),
    )
    return TABLE.select(newest.select("*", col("details_seen_at").is_not_null().alias("is_known")))
