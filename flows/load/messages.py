"""Messages of a topic as records: the sample's own fields, and beside them where in the topic they were read.

A record's fields that begin with `_` are ours: topic, partition, offset, incarnation, time of the broker, key. A
message that is no sample (no JSON object, too large, with such fields of its own) is kept as text in `_message`, with
`_fault`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MOST_TEXT = 10_000  # of a message that is too large; the broker has the rest
REDRIVEN = "redriven"  # begins the incarnation of repaired messages


@dataclass(frozen=True)
class Position:
    """Where a message is: the topic's incarnation, the partition, the offset in it."""

    topic: str
    incarnation: str
    partition: int
    offset: int


def record_of(position: Position, value: bytes | None, key: bytes | None, sent_ms: int | None, most_bytes: int) -> Any:
    """Make the record of a message.

    Args:
        position: Where it was read.
        value: What it says.
        key: Its key.
        sent_ms: When the broker took it, in milliseconds.
        most_bytes: A larger one is no sample.
    """
    fields, fault = _sample(value, most_bytes)
    return {
        **fields,
        "_topic": position.topic,
        "_partition": position.partition,
        "_offset": position.offset,
        "_incarnation": position.incarnation,
        "_message_at": None if sent_ms is None else _moment(sent_ms),
        "_key": None if key is None else key.decode(errors="replace"),
        **({"_fault": fault} if fault else {}),
    }


def position_of(record: Any) -> Position:
    """Read the position back from a record."""
    return Position(record["_topic"], record["_incarnation"], record["_partition"], record["_offset"])


def redriven(repaired: Any, refused: Any, quarantine_id: str) -> Any:
    """Give a repaired message a position of its own: at that of the refused one it would count as read before."""
    if not isinstance(repaired, dict):
        return repaired
    kept = {name: value for name, value in repaired.items() if name not in ("_fault", "_message")}
    place = {name: refused[name] for name in ("_topic", "_partition", "_offset")}
    return {**kept, **place, "_incarnation": f"{REDRIVEN} {quarantine_id}"}


def _sample(value: bytes | None, most_bytes: int) -> tuple[dict[str, Any], str | None]:
    if value is None:
        return {}, "the message is empty"
    text = value[:MOST_TEXT].decode(errors="replace")
    if len(value) > most_bytes:
        return {"_message": text}, f"the message has {len(value):,} bytes; at most {most_bytes:,} are taken"
    try:
        read = json.loads(value)
    except (ValueError, RecursionError) as error:
        return {"_message": text}, f"the message is no JSON: {error}"
    if not isinstance(read, dict):
        return {"_message": text}, "the message is no JSON object"
    if any(name.startswith("_") for name in read):
        return {"_message": text}, "the message has fields that begin with _, which name its position"
    return read, None


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
