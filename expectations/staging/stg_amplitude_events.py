"""Business rules of stg_amplitude_events."""

from expectations.rules.rule import Lookup, critical, warning

_DEVICES = Lookup(
    "same_id",
    "select insert_id, count(distinct coalesce(device_id, '')) as devices from {stg_amplitude_events} "
    "where insert_id in (select insert_id from {batch} b) group by insert_id",
    ("devices",),
    "same_id.insert_id = t.insert_id",
)

RULES = (
    critical(
        "nothing happens after its upload",
        "happened_at > uploaded_at or happened_at <> least(event_at, uploaded_at)",
        "an event dated in the future counts as of its upload, so that it moves no day and no session",
        *("event_at", "happened_at", "uploaded_at"),
    ),
    warning(
        "no event is dated after its upload",
        "is_future",
        "a device whose clock is ahead; the event is kept, and counts as of its upload",
        *("event_at", "uploaded_at", "device_id"),
    ),
    warning(
        "an event has an insert_id",
        "insert_id is null",
        "Amplitude cannot drop repeats of it: only its uuid names it, and what an app sent twice is two events",
        *("uuid", "event_type", "device_id"),
    ),
    warning(
        "an insert_id is of one device",
        "same_id_devices > 1",
        "Amplitude drops repeats by insert_id and device, so these are two events: the app makes ids that meet",
        *("insert_id", "device_id", _DEVICES),
    ),
)
