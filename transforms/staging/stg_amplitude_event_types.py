"""Amplitude's event types: one row per type in one events list.

Grain    one event type at one time at which the list was asked for
Key      event_type, snapshot_at
Source   raw_amplitude_event_types
Payload  RECORD: value (the type as events name it), id, name, display, totals, totals_delta, deleted, hidden, …
Units    weekly_count in events of the week so far, when the list was asked for
Rerun    a record replaces another of its key only if it is strictly greater by filled fields, then by its values
Gaps     a type that is gone from the list says nothing
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import BOOLEAN, INTEGER, TEXT, Column, MergeOnKey, Table, locate_table
from transforms.functions import DataFrame
from transforms.staging import amplitude_columns as amplitude
from transforms.staging.parsing import count_filled_fields, parse


def _flag(name: str, field: str, description: str) -> Column:
    return Column(name, BOOLEAN, description, payload=field)


TABLE = Table(
    *locate_table(__name__),
    grain="one event type at one time at which the list was asked for",
    key=("event_type", "snapshot_at"),
    write=MergeOnKey(newest_by=("filled_fields",)),
    cluster_by="snapshot_at",
    revision=2,
    tags=("amplitude",),
    columns=(
        amplitude.event_type.replace(payload="value", formerly=("name",), empty_is_null=True),
        columns.snapshot_at,
        Column("event_type_id", INTEGER, "Amplitude's number of the type", payload="id"),
        Column("display_name", TEXT, "as Amplitude's charts name it", payload="display", empty_is_null=True),
        Column("weekly_count", INTEGER, "events of the week so far, when the list was asked for", payload="totals"),
        _flag("is_deleted", "deleted", "deleted in Amplitude"),
        _flag("is_hidden", "hidden", "hidden from charts"),
        _flag("is_flow_hidden", "flow_hidden", "hidden from paths"),
        _flag("is_timeline_hidden", "timeline_hidden", "hidden from a user's timeline"),
        _flag("is_inactive", "non_active", "an event of this type alone makes nobody active"),
        columns.filled_fields,
    ),
)


def build(raw_amplitude_event_types: DataFrame) -> DataFrame:
    """Read the records, typed."""
    return TABLE.select(parse(raw_amplitude_event_types, TABLE).select("*", count_filled_fields(TABLE)))
