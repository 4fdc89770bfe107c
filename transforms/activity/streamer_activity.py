"""What streamers did, in the order in which each of them did it.

Grain    one event of one streamer
Key      activity_id, the hash of the activity and its business key
Source   int_streamer_events, int_streamers_at_risk
Units    revenue_impact in the currency of the setting SNOWCAST_POINT_VALUE; every time is UTC without zone
Rerun    goes on from the last events of each streamer; recomputes those with late or changed events
Gaps     nobody is at risk at a moment after the newest stream of the platform: README.md tells the rules
"""

from __future__ import annotations

from transforms.activity import columns
from transforms.activity.definitions.activity import Thresholds
from transforms.activity.definitions.events import ORDER, collect_events, continue_occurrences, number_occurrences
from transforms.activity.definitions.lifecycle import OF_STREAMERS, collect_new_lifecycle
from transforms.contract import Table, locate_table
from transforms.functions import DataFrame
from transforms.write_kinds import Continuation, MergeOnKey

TABLE = Table(
    *locate_table(__name__),
    grain="one event of one streamer",
    key=("activity_id",),
    write=MergeOnKey(),
    recompute_by=("person",),
    tags=("activity",),
    cluster_by="ts",
    columns=(*columns.STREAM, columns.person),
)


def build(int_streamer_events: DataFrame, int_streamers_at_risk: DataFrame, *, thresholds: Thresholds) -> DataFrame:
    """Put what the events amount to beside them, and number each person's events."""
    inputs = {"int_streamer_events": int_streamer_events, "int_streamers_at_risk": int_streamers_at_risk}
    given = {**inputs, "thresholds": thresholds}
    return TABLE.select(number_occurrences(int_streamer_events, collect_events(OF_STREAMERS, given)))


def _continue_stream(
    ends: DataFrame,
    whole: DataFrame,
    int_streamer_events: DataFrame,
    int_streamers_at_risk: DataFrame,
    *,
    thresholds: Thresholds,
) -> DataFrame:
    """Do the same for persons whose new events are later than all stored ones of their kind, and the lifecycle."""
    inputs = {"int_streamer_events": int_streamer_events, "int_streamers_at_risk": int_streamers_at_risk}
    given = {**inputs, "thresholds": thresholds}
    amounts = collect_new_lifecycle(OF_STREAMERS, "int_streamer_events", given, whole, ends)
    return TABLE.select(continue_occurrences(int_streamer_events, amounts, ends))


CONTINUED = Continuation(
    rows_of="int_streamer_events",
    partition=("activity",),
    order=ORDER,
    next_column="activity_repeated_at",
    once=tuple(one.name for one in OF_STREAMERS),
    build=_continue_stream,
)
