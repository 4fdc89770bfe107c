"""What subscriptions were over time, by the records' own time of change.

Grain    one version of one subscription
Key      subscription_id, valid_from
Source   stg_billing_subscriptions
Units    money exact to the cent; every time is UTC without zone; a version holds in [valid_from, valid_to)
Rerun    recomputes the subscriptions that new deliveries name or miss; late changes are spliced in
Gaps     a subscription that a delivery misses is closed; a record without updated_at is quarantined
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import VERSION_COLUMNS, HardDeletes, History, Strategy, Table, locate_table
from transforms.functions import DataFrame

TABLE = Table(
    *locate_table(__name__),
    grain="one version of one subscription",
    key=("subscription_id", "valid_from"),
    write=History(
        strategy=Strategy.TIMESTAMP,
        tracked=("user_id", "start_date", "end_date", "monthly_price", "billing_period"),
        effective_at="updated_at",
        hard_deletes=HardDeletes.INVALIDATE,
    ),
    recompute_by=("subscription_id",),
    cluster_by="valid_from",
    revision=2,
    tags=("billing",),
    columns=(*columns.SUBSCRIPTION, *VERSION_COLUMNS),
)


def build(stg_billing_subscriptions: DataFrame) -> DataFrame:
    """Observe price, period and user of every subscription, from the time at which the source changed them."""
    return TABLE.observe(stg_billing_subscriptions)
