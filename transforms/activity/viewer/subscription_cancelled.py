"""subscription_cancelled: a subscription was over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity import features
from transforms.activity.activities import VIEWER, Activity, Feature
from transforms.activity.subscription_moments import moment_rows
from transforms.contract import BOOLEAN, TEXT, money

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

ACTIVITY = Activity(
    name="subscription_cancelled",
    stream=VIEWER,
    description="a subscription was over: the moment after its last day, or when a delivery missed it",
    features=(
        features.subscription_id,
        Feature("is_deleted", BOOLEAN, "it vanished from the deliveries before its last day"),
        Feature("monthly_price", money(), "price of one billing period"),
        Feature("billing_period", TEXT, "what a price pays for; NULL is monthly"),
    ),
)
IS_ROW_WISE = True


def events(int_subscription_moments: DataFrame) -> DataFrame:
    """One row per moment of that kind; payments carry the money."""
    return moment_rows(ACTIVITY, int_subscription_moments)
