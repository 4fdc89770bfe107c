"""What viewers and customers did, in the order in which each of them did it.

Grain    one deed of one viewer
Key      activity_id, the hash of the activity and its business key
Source   int_viewer_events
Units    revenue_impact in the billing currency, and gifts in that of SNOWCAST_POINT_VALUE; every time is UTC
Rerun    recomputes the viewers whose deeds changed and writes the rows that differ
Gaps     the platform's shared anonymous user is nobody's customer and never a fan: README.md tells the rules
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity import columns
from transforms.activity.gathering import gathered
from transforms.activity.numbering import numbered
from transforms.activity.thresholds import Thresholds
from transforms.contract import Layer, MergeOnKey, Table

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

TABLE = Table(
    name="viewer_activity",
    layer=Layer.ACTIVITY,
    grain="one deed of one viewer",
    key=("activity_id",),
    write=MergeOnKey(),
    widen_by=("person",),
    tags=("activity",),
    columns=(*columns.STREAM, columns.person),
)


def build(int_viewer_events: DataFrame, *, thresholds: Thresholds) -> DataFrame:
    """Put what the events amount to beside them, and number each person's deeds."""
    given = {"int_viewer_events": int_viewer_events, "thresholds": thresholds}
    return TABLE.select(numbered(int_viewer_events, gathered("viewer_lifecycle", given)))
