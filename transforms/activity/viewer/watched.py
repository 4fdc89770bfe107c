"""watched: a user watched on a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity.activities import VIEWER, Activity, Feature
from transforms.activity.definitions.events import OF_VIEWER, event_rows
from transforms.contract import FLOAT
from transforms.formulas.deduplicate import latest_per_key

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

ACTIVITY = Activity(
    name="watched",
    stream=VIEWER,
    description="billing lists the user's viewing on that day, also where it lists 0 hours",
    features=(Feature("hours_watched", FLOAT, "hours that the user watched on the day"),),
)


def events(stg_billing_viewing_activity: DataFrame) -> DataFrame:
    """One row per user and day, as last delivered, at the first moment of the day."""
    day = ("platform", "user_key", "user_id", "watch_date")
    newest = latest_per_key(stg_billing_viewing_activity, day, {"snapshot_at": ("hours_watched",)})
    return event_rows(ACTIVITY, newest, OF_VIEWER, business_key=("user_id", "watch_date"), ts="watch_date")
