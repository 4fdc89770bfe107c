"""gift_giver: the viewer's first gift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity import features
from transforms.activity.activities import VIEWER, Activity
from transforms.activity.definitions.events import once_each
from transforms.activity.gifts import gifts_of_fans

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

ACTIVITY = Activity(
    name="gift_giver",
    stream=VIEWER,
    description="the viewer's first gift that was neither cancelled nor given anonymously",
    features=(features.streamer_id, features.gift_transaction_id),
)
IS_ROW_WISE = True


def events(int_viewer_events: DataFrame) -> DataFrame:
    """The first gift."""
    return once_each(ACTIVITY, gifts_of_fans(int_viewer_events))
