"""Business rules of stg_amplitude_events."""

from __future__ import annotations

from expectations.rules.rule import CRITICAL, WARNING, Lookup, Rule

_DEVICES = Lookup(
    "same_id",
    "select insert_id, count(distinct coalesce(device_id, '')) as devices from {stg_amplitude_events} "
    "where insert_id in (select insert_id from {batch} b) group by insert_id",
    ("devices",),
    "same_id.insert_id = t.insert_id",
)

RULES = (
    Rule(
        name="nothing happens after its upload",
        fails="happened_at > uploaded_at or happened_at <> least(event_at, uploaded_at)",
        severity=CRITICAL,
        reason="an event dated in the future counts as of its upload, so that it moves no day and no session",
        shows=("event_at", "happened_at", "uploaded_at"),
    ),
    Rule(
        name="no event is dated after its upload",
        fails="is_future",
        severity=WARNING,
        reason="a device whose clock is ahead; the event is kept, and counts as of its upload",
        shows=("event_at", "uploaded_at", "device_id"),
    ),
    Rule(
        name="an event has an insert_id",
        fails="insert_id is null",
        severity=WARNING,
        reason="Amplitude cannot drop repeats of it: only its uuid names it, and what an app sent twice is two events",
        shows=("uuid", "event_type", "device_id"),
    ),
    Rule(
        name="an insert_id is of one device",
        fails="same_id_devices > 1",
        severity=WARNING,
        reason="Amplitude drops repeats by insert_id and device, so these are two events: the app makes ids that meet",
        shows=("insert_id", "device_id"),
        helpers=(_DEVICES,),
    ),
)
