"""gift_sent: a viewer gave a streamer a gift."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from transforms.activity import features
from transforms.activity.activities import VIEWER, Activity
from transforms.activity.definitions.events import OF_VIEWER, event_rows
from transforms.activity.definitions.gift_value import with_gift_value

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

ACTIVITY = Activity(
    name="gift_sent",
    stream=VIEWER,
    description="a viewer gave a streamer a gift; cancelled gifts stay, with a negative revenue_impact",
    features=(
        features.gift_transaction_id,
        features.streamer_id,
        features.gift_id,
        features.gift_name,
        features.points,
        features.is_cancelled,
        features.is_anonymous,
        features.transaction_type,
        features.stream_id,
    ),
)
IS_ROW_WISE = True


def events(fact_gifts: DataFrame, *, point_value: Decimal | None) -> DataFrame:
    """One row per gift transaction; the shared anonymous user is an anonymous customer."""
    return event_rows(
        ACTIVITY,
        with_gift_value(fact_gifts, point_value),
        OF_VIEWER,
        business_key=("gift_transaction_id",),
        ts="gifted_at",
        revenue="gift_value",
        is_anonymous="is_anonymous",
    )
