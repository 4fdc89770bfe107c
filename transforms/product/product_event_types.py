"""Event types: one row per type that the events list or an event named, as the newest list describes it.

Grain    one event type
Key      event_type
Source   stg_amplitude_event_types, product_events
Units    every *_at is UTC without zone; weekly_count in events of the week so far, as of listed_at
Rerun    adds new lists and events to what is stored; recomputes the types that changed events touch
Gaps     a type that no list named has NULLs; one that is gone from the list keeps what the last one said, as of
         listed_at; stg_amplitude_event_types has every list
"""

from __future__ import annotations

from transforms.contract import BOOLEAN, INTEGER, TEXT, TIMESTAMP, Column, MergeOnKey, Table, locate_table
from transforms.formulas.deduplicate import latest_per_key, observe
from transforms.functions import DataFrame, col
from transforms.staging import amplitude_columns as amplitude

TABLE = Table(
    *locate_table(__name__),
    grain="one event type",
    key=("event_type",),
    write=MergeOnKey(),
    recompute_by=("event_type",),
    tags=("amplitude",),
    columns=(
        amplitude.event_type,
        Column("event_type_id", INTEGER, "Amplitude's number of the type"),
        Column("display_name", TEXT, "as Amplitude's charts name it"),
        Column("weekly_count", INTEGER, "events of the week so far, as of listed_at"),
        Column("is_deleted", BOOLEAN, "deleted in Amplitude"),
        Column("is_hidden", BOOLEAN, "hidden from charts"),
        Column("is_flow_hidden", BOOLEAN, "hidden from paths"),
        Column("is_timeline_hidden", BOOLEAN, "hidden from a user's timeline"),
        Column("is_inactive", BOOLEAN, "an event of this type alone makes nobody active"),
        Column("first_listed_at", TIMESTAMP, "oldest list that names it, UTC"),
        Column("listed_at", TIMESTAMP, "newest list that names it, UTC"),
        amplitude.first_event_at,
        amplitude.last_event_at,
    ),
)

_LISTED = (
    *("event_type_id", "display_name", "weekly_count", "is_deleted", "is_hidden", "is_flow_hidden"),
    *("is_timeline_hidden", "is_inactive"),
)


def build(stg_amplitude_event_types: DataFrame, product_events: DataFrame) -> DataFrame:
    """Take what the newest list says of each type, and the first and the newest event of it."""
    at, happened_at = col("snapshot_at"), col("happened_at")
    listed = observe(TABLE, stg_amplitude_event_types, _LISTED, {"first_listed_at": at, "listed_at": at})
    seen = observe(TABLE, product_events, (), {"first_event_at": happened_at, "last_event_at": happened_at})
    return combine(listed.union_all(seen))


def combine(observations: DataFrame) -> DataFrame:
    """Take what the newest list says of each type; a stored row is an observation like those that it came from."""
    newest = latest_per_key(
        observations,
        ("event_type",),
        {"listed_at": _LISTED},
        lowest=("first_listed_at", "first_event_at"),
        highest=("last_event_at",),
    )
    return TABLE.select(newest)
