"""Gifts that make a fan: given under the viewer's own name, and not taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity.definitions.events import deeds
from transforms.activity.viewer.gift_sent import ACTIVITY as GIFT_SENT
from transforms.functions import coalesce, col, lit

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame


def gifts_of_fans(int_viewer_events: DataFrame) -> DataFrame:
    """Gifts that were neither cancelled nor given anonymously, also where a link says who the anonymous user is."""
    gifts = deeds(int_viewer_events, GIFT_SENT, "gift_transaction_id", "streamer_id", "is_cancelled", "is_anonymous")
    is_own = ~coalesce(col("is_cancelled"), lit(False)) & ~coalesce(col("is_anonymous"), lit(False))
    return gifts.filter(is_own).drop("is_cancelled", "is_anonymous")
