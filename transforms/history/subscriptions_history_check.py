"""What subscriptions were over time, as the deliveries showed them.

Grain    one version of one subscription
Key      subscription_id, valid_from
Source   stg_billing_subscriptions
Units    money exact to the cent; every time is UTC without zone; a version holds in [valid_from, valid_to)
Rerun    recomputes the subscriptions that new deliveries name or miss; late deliveries are spliced in
Gaps     a version begins when a delivery showed it; a subscription that a delivery misses is deleted
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
        strategy=Strategy.CHECK,
        tracked=("user_id", "start_date", "end_date", "monthly_price", "billing_period"),
        hard_deletes=HardDeletes.NEW_RECORD,
    ),
    recompute_by=("subscription_id",),
    cluster_by="valid_from",
    tags=("billing",),
    columns=(*columns.SUBSCRIPTION, *VERSION_COLUMNS),
)


def build(stg_billing_subscriptions: DataFrame) -> DataFrame:
    """Observe price, period and user of every subscription that a delivery lists."""
    return TABLE.observe(stg_billing_subscriptions)
