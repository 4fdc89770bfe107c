"""Business rules of raw_stream_samples."""

from __future__ import annotations

from expectations.rules.raw import RECORD_RULES
from expectations.rules.rule import CRITICAL, WARNING, Computed, Rule

_POSITION = "t.record['_incarnation']::text, t.record['_partition']::integer, t.record['_offset']::integer"

RULES = (
    *RECORD_RULES,
    Rule(
        name="a message is loaded once",
        fails="_position_rows > 1",
        severity=CRITICAL,
        reason="(incarnation, partition, offset) names a message; twice in RAW it was read again and not recognised",
        shows=("record['_partition']", "record['_offset']"),
        helpers=(Computed("_position_rows", f"count(*) over (partition by {_POSITION})"),),
    ),
    Rule(
        name="every message is a sample",
        fails="record['_fault'] is not null",
        severity=WARNING,
        reason="staging quarantines it with its position; ask who produces into the topic",
        shows=("record['_partition']", "record['_offset']", "record['_fault']"),
    ),
)
