"""Events on their way out: the text of each as it is sent, who it is of, and uploads of the allowed size."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

# What programs write where they have no id: Amplitude drops it, or takes everybody who has it for one person.
_PLACEHOLDERS = {
    *("", "0", "-1", "none", "null", "nil", "nan", "na", "n/a", "undefined", "unknown", "anonymous", "[]", "{}"),
    *("true", "false", "00000000-0000-0000-0000-000000000000"),
}


@dataclass(frozen=True)
class Outgoing:
    """One activity that an attempt was begun for.

    Args:
        activity_id: Row of the activity stream; the event's insert_id.
        activity: Name of the activity; the event's type.
        attempt: Number of the attempt in OPS.PUBLICATIONS.
        text: The event as JSON; it is sent byte by byte as it is in the ledger.
    """

    activity_id: str
    activity: str
    attempt: int
    text: str

    @cached_property
    def event(self) -> dict[str, Any]:
        """The event's fields."""
        return dict(json.loads(self.text))

    @property
    def people(self) -> set[tuple[str, str]]:
        """Its user and device, each with the name of its field."""
        return {(name, str(self.event[name])) for name in ("user_id", "device_id") if self.event.get(name) is not None}

    def shortcoming(self, shortest_id: int) -> str | None:
        """Return why Amplitude would refuse it, or take it without its person; None where it would not."""
        if not self.people:
            return "names neither a user nor a device"
        people = sorted(self.people)
        nobody = [f"{name} {value!r}" for name, value in people if value.strip().lower() in _PLACEHOLDERS]
        if nobody:
            return f"{nobody[0]} is a placeholder and names nobody"
        short = [f"{name} {value!r}" for name, value in people if len(value) < shortest_id]
        return f"{short[0]} is shorter than {shortest_id} (SNOWCAST_AMPLITUDE_MIN_ID_LENGTH)" if short else None


def split_uploads(events: Iterable[Outgoing], most_events: int, most_bytes: int) -> Iterator[list[Outgoing]]:
    """Yield the events in order, in uploads within both limits; an event above the limit by itself is one alone."""
    upload: list[Outgoing] = []
    size = 0
    for outgoing in events:
        length = len(outgoing.text.encode()) + 1
        if upload and (len(upload) == most_events or size + length > most_bytes):
            yield upload
            upload, size = [], 0
        upload.append(outgoing)
        size += length
    if upload:
        yield upload


@dataclass(frozen=True)
class Verdict:
    """What became of one event: sent, rejected or released, with the reason."""

    outgoing: Outgoing
    status: str
    reason: str | None = None
