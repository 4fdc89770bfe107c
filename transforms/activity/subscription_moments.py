"""Events from the moments of subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity.definitions.events import OF_VIEWER, event_rows
from transforms.functions import col, lit

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

    from transforms.activity.activities import Activity


def moment_rows(activity: Activity, int_subscription_moments: DataFrame) -> DataFrame:
    """The moments of the activity's kind as its events."""
    of_kind = int_subscription_moments.filter(col("activity") == lit(activity.name))
    key = ("subscription_id", "period_number")
    return event_rows(activity, of_kind, OF_VIEWER, business_key=key, ts="happened_at")
