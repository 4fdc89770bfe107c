"""Business rules of product_events."""

from expectations.rules.rule import Lookup, critical

_MERGED = Lookup(
    "merged",
    "select amplitude_id, merged_amplitude_id as led_to from {int_amplitude_merges}",
    ("led_to",),
    "merged.amplitude_id = t.amplitude_id",
)
_STAGED = Lookup(
    "staged",
    "select event_key, happened_at from {stg_amplitude_events} where event_key in (select event_key from {batch} b)",
    ("happened_at",),
    "staged.event_key = t.event_key",
)

RULES = (
    critical(
        "an event is its merged user's",
        "merged_amplitude_id <> coalesce(merged_led_to, amplitude_id)",
        "a merge that was not taken over; rebuild it with --full-refresh",
        *("amplitude_id", "merged_amplitude_id", "merged_led_to", _MERGED),
    ),
    critical(
        "an event is as it is staged",
        "staged_happened_at is null or staged_happened_at <> happened_at",
        "an event that was corrected and not taken over; rebuild it with --full-refresh",
        *("happened_at", "staged_happened_at", _STAGED),
    ),
    critical(
        "session_id -1 is no session",
        "(session_key is null) <> coalesce(session_id = -1, true)",
        "events outside of sessions would be one endless session",
        *("session_id", "session_key"),
    ),
    critical(
        "date_day is the UTC day on which it happened",
        "date_day <> happened_at::date",
        "days are counted by it",
        *("date_day", "happened_at"),
    ),
)
