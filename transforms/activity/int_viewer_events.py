"""What viewers and customers did, event by event: not numbered yet, and without what it amounts to.

Grain    one event of one viewer
Key      activity_id, the hash of the activity and its business key
Source   fact_gifts, fact_payments, int_subscription_moments, stg_billing_viewing_activity, int_amplitude_activities,
         int_identities
Units    revenue_impact in the billing currency, and gifts in that of SNOWCAST_POINT_VALUE; every time is UTC
Rerun    adds new gifts, payments, moments and product events; recomputes the viewers that links and changed rows touch
Gaps     an event without a time, or of nobody, goes to the quarantine; billing knows days: an event is at their begin
"""

from __future__ import annotations

from decimal import Decimal

from transforms import columns
from transforms.activity import columns as activity_columns
from transforms.activity.definitions.events import EVENT, OF_VIEWER, collect_events, split_parts, validate_events
from transforms.activity.definitions.identity import Spaces, add_persons
from transforms.activity.definitions.viewer import ACTIVITIES
from transforms.contract import TEXT, Table, locate_table
from transforms.formulas.frames import null_of
from transforms.functions import DataFrame
from transforms.write_kinds import MergeOnKey, Part, Parts

TABLE = Table(
    *locate_table(__name__),
    grain="one event of one viewer",
    key=("activity_id",),
    write=MergeOnKey(),
    recompute_by=("user_key",),
    refuses_rows=True,
    revision=2,
    tags=("activity",),
    cluster_by="ts",
    columns=(*activity_columns.EVENT, *columns.USER),
)

# Behind the declared activities one of each Amplitude event type, whatever types there are.
_OF_EVENTS = Part(("int_amplitude_activities",), (), is_row_wise=True, has_others=True)
PARTS = Parts("activity", (*split_parts(ACTIVITIES).parts, _OF_EVENTS))


def build(
    fact_gifts: DataFrame,
    fact_payments: DataFrame,
    int_subscription_moments: DataFrame,
    stg_billing_viewing_activity: DataFrame,
    int_amplitude_activities: DataFrame,
    int_identities: DataFrame,
    *,
    point_value: Decimal | None,
    shared_id_spaces: Spaces,
) -> DataFrame:
    """Gather the activities of viewers and say who did them."""
    given = {
        "fact_gifts": fact_gifts,
        "fact_payments": fact_payments,
        "int_subscription_moments": int_subscription_moments,
        "stg_billing_viewing_activity": stg_billing_viewing_activity,
        "point_value": point_value,
    }
    told = int_amplitude_activities.select(OF_VIEWER.key, OF_VIEWER.id, *EVENT)
    named = add_persons(collect_events(ACTIVITIES, given).union_all(told), int_identities, OF_VIEWER, shared_id_spaces)
    return TABLE.select(validate_events(named.select("*", null_of(TEXT).alias("link"))))
