"""gift_received: a viewer gave the streamer a gift."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from transforms.activity import features
from transforms.activity.activities import STREAMER, Activity
from transforms.activity.definitions.events import OF_STREAMER, event_rows
from transforms.activity.definitions.gift_value import with_gift_value

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

ACTIVITY = Activity(
    name="gift_received",
    stream=STREAMER,
    description="a viewer gave the streamer a gift; cancelled gifts stay, with a negative revenue_impact",
    features=(
        features.gift_transaction_id,
        features.user_id,
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
    """One row per gift transaction."""
    return event_rows(
        ACTIVITY,
        with_gift_value(fact_gifts, point_value),
        OF_STREAMER,
        business_key=("gift_transaction_id",),
        ts="gifted_at",
        revenue="gift_value",
    )
