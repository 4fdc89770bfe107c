"""Business rules of product_events."""

from __future__ import annotations

from expectations.rules.rule import CRITICAL, Lookup, Rule

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
    Rule(
        name="an event is its merged user's",
        fails="merged_amplitude_id <> coalesce(merged_led_to, amplitude_id)",
        severity=CRITICAL,
        reason="a merge that was not taken over; rebuild it with --full-refresh",
        shows=("amplitude_id", "merged_amplitude_id", "merged_led_to"),
        helpers=(_MERGED,),
    ),
    Rule(
        name="an event is as it is staged",
        fails="staged_happened_at is null or staged_happened_at <> happened_at",
        severity=CRITICAL,
        reason="an event that was corrected and not taken over; rebuild it with --full-refresh",
        shows=("happened_at", "staged_happened_at"),
        helpers=(_STAGED,),
    ),
    Rule(
        name="session_id -1 is no session",
        fails="(session_key is null) <> coalesce(session_id = -1, true)",
        severity=CRITICAL,
        reason="events outside of sessions would be one endless session",
        shows=("session_id", "session_key"),
    ),
    Rule(
        name="date_day is the UTC day on which it happened",
        fails="date_day <> happened_at::date",
        severity=CRITICAL,
        reason="days are counted by it",
        shows=("date_day", "happened_at"),
    ),
)
