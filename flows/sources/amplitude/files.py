"""What Amplitude's own exports to a bucket look like: events by the hour, merged ids, event types; and CSV of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flows.files.kinds import FileKind
from flows.sources.amplitude.personal import PersonalData
from transforms.catalog import list_raw_tables

# Fields of which an event has one beside its type, whatever wrote it and however old it is.
_OF_EVENTS = frozenset(
    ("$insert_id", "_insert_id", "amplitude_id", "client_event_time", "device_id", "event_time", "user_id", "uuid")
)
_OF_EVENT_TYPES = frozenset(("non_active", "flow_hidden", "timeline_hidden", "totals"))


def amplitude_files(personal: PersonalData) -> FileKind:
    """Zip, json.gz, ndjson, a single JSON event, CSV; the hour is in the name of a file of an export.

    Args:
        personal: What is taken out of events before they are landed.
    """

    def protect(entity: str, record: Any) -> Any:
        return personal.protect(record) if entity == "events" and isinstance(record, Mapping) else record

    return FileKind(
        source="amplitude",
        holds="events, event types or merged ids",
        entity_of=entity_of,
        required={"events": [("event_type",)], "merged_ids": [("amplitude_id",)]},
        fields=frozenset(name for table in list_raw_tables("amplitude") for name in table.fields),
        protected=protect,
    )


def entity_of(keys: Collection[str]) -> str | None:
    """The entity that the keys of a record or header show."""
    names = set(keys)
    if "merged_amplitude_id" in names:
        return "merged_ids"
    if "event_type" in names and names & _OF_EVENTS:
        return "events"
    return "event_types" if names & {"name", "value"} and names & _OF_EVENT_TYPES else None
