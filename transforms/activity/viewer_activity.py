"""What viewers and customers did, in the order in which each of them did it.

Grain    one event of one viewer
Key      activity_id, the hash of the activity and its business key
Source   int_viewer_events
Units    revenue_impact in the billing currency, and gifts in that of SNOWCAST_POINT_VALUE; every time is UTC
Rerun    goes on from the last events of each viewer; recomputes those with late or changed events
Gaps     the platform's shared anonymous user is nobody's customer and never a fan: README.md tells the rules
"""

from __future__ import annotations

from transforms.activity import columns
from transforms.activity.definitions.activity import Thresholds
from transforms.activity.definitions.events import ORDER, collect_events, continue_occurrences, number_occurrences
from transforms.activity.definitions.lifecycle import OF_VIEWERS, collect_new_lifecycle
from transforms.contract import Table, locate_table
from transforms.functions import DataFrame
from transforms.write_kinds import Continuation, MergeOnKey

TABLE = Table(
    *locate_table(__name__),
    grain="one event of one viewer",
    key=("activity_id",),
    write=MergeOnKey(),
    recompute_by=("person",),
    tags=("activity",),
    cluster_by="ts",
    columns=(*columns.STREAM, columns.person),
)


def build(int_viewer_events: DataFrame, *, thresholds: Thresholds) -> DataFrame:
    """Put what the events amount to beside them, and number each person's events."""
    given = {"int_viewer_events": int_viewer_events, "thresholds": thresholds}
    return TABLE.select(number_occurrences(int_viewer_events, collect_events(OF_VIEWERS, given)))


def _continue_stream(
    ends: DataFrame, whole: DataFrame, int_viewer_events: DataFrame, *, thresholds: Thresholds
) -> DataFrame:
    """Do the same for persons whose new events are later than all stored ones of their kind, and the lifecycle."""
    given = {"int_viewer_events": int_viewer_events, "thresholds": thresholds}
    amounts = collect_new_lifecycle(OF_VIEWERS, "int_viewer_events", given, whole, ends)
    return TABLE.select(continue_occurrences(int_viewer_events, amounts, ends))


CONTINUED = Continuation(
    rows_of="int_viewer_events",
    partition=("activity",),
    order=ORDER,
    next_column="activity_repeated_at",
    once=tuple(one.name for one in OF_VIEWERS),
    build=_continue_stream,
)
