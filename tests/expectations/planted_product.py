"""Of the tables of product events: what a good row says, and the one change that breaks each hand-written rule."""

from __future__ import annotations

from typing import Any

Values = dict[str, Any]

_AT, _LATER, _DAY_LATER = "2026-03-01 12:00:00", "2026-03-01 12:30:00", "2026-03-04 12:00:00"
_OTHER_DAY = "2026-03-02"
_COUNTED = {"event_count": 1, "user_count": 1, "first_time_user_count": 1, "session_count": 1}

GOOD: dict[str, Values] = {
    "stg_amplitude_events": {"is_future": False},
    "stg_amplitude_merged_ids": {"merged_amplitude_id": 11},
    "int_product_days": _COUNTED,
    "product_daily": _COUNTED,
    "product_active_users": {"exactly_users": 1, "at_least_users": 1, "avg_daily_users": 1.0, "stickiness": 1.0},
    "product_event_properties": {"value_type": "INTEGER"},
    "amplitude_round_trip": {
        **{"sent_count": 1, "accepted_count": 1, "deduplicated_count": 0, "missing_count": 0},
        **{"unexpected_count": 0},
    },
}

# Rows that rules look up, in no batch that is checked.
ALSO: dict[str, list[Values]] = {
    "int_amplitude_merges": [
        {"amplitude_id": 12, "merged_amplitude_id": 11},
        {"amplitude_id": 20, "merged_amplitude_id": 21},
    ],
    "product_sessions": [
        {"session_key": "second", "user_key": "two", "session_number": 2, "is_first_session": False},
        {"session_key": "early", "user_key": "late", "session_number": 2, "started_at": "2026-03-01 11:00:00"},
    ],
    "int_product_user_days": [{"user_key": "old", "event_type": "y", "date_day": "2026-02-01"}],
}

_KEYS = ("event_key", "event_type", "user_key", "device_key", "session_key", "os_key", "location_key")

APART: dict[str, Values] = {
    "stg_amplitude_events": {"event_key": "apart", "insert_id": "apart"},
    "int_amplitude_merges": {"amplitude_id": 11},
    "product_events": {**dict.fromkeys(_KEYS, "apart"), "amplitude_id": 13, "merged_amplitude_id": 13},
    "product_sessions": {"session_key": "apart", "user_key": "apart"},
    "int_product_user_days": {"user_key": "apart", "date_day": _OTHER_DAY},
    "int_product_days": {"date_day": _OTHER_DAY},
    "product_daily": {"event_type": "apart"},
    "int_product_user_periods": {"user_key": "apart", "period_start": _OTHER_DAY},
    "product_active_users": {"period_start": _OTHER_DAY},
}

_SPAN = {
    "first_event_at is not after last_event_at": {"first_event_at": _LATER},
    "the first and the last event are those of product_events": {"last_event_at": _LATER},
}
_COUNT = {"event_count is the number of its product_events": {"event_count": 2}}

PLANTED: dict[str, dict[str, Values | list[Values]]] = {
    "stg_amplitude_events": {
        "nothing happens after its upload": {"happened_at": _LATER},
        "no event is dated after its upload": {"is_future": True},
        "an event has an insert_id": {"insert_id": None},
        "an insert_id is of one device": [{"device_id": "one"}, {"device_id": "another", "event_key": "another"}],
        "event_key never repeats": [{}, {}],
    },
    "stg_amplitude_event_types": {"a total is not negative": {"weekly_count": -1}},
    "stg_amplitude_merged_ids": {"a user is not merged into themselves": {"merged_amplitude_id": 10}},
    "int_amplitude_merges": {
        "a merge leads to a user that was not merged": {"merged_amplitude_id": 12},
        "amplitude_id never repeats": [{}, {}],
    },
    "product_events": {
        "an event is its merged user's": {"amplitude_id": 20, "merged_amplitude_id": 20},
        "an event is as it is staged": {"happened_at": _LATER},
        "session_id -1 is no session": {"session_id": -1},
        "date_day is the UTC day on which it happened": {"date_day": "2026-02-28"},
        "event_key never repeats": [{}, {}],
    },
    "product_sessions": {
        "started_at is not after ended_at": {"started_at": _LATER},
        **_COUNT,
        "a user's sessions are 1 to n without a gap": {"user_key": "gap", "session_number": 3},
        "a user has one first session": {"is_first_session": False, "user_key": "never the first"},
        "sessions are in the order of their start": {"user_key": "late"},
        "a session is shorter than a day": {"length_seconds": 86_400},
        "session_key never repeats": [{}, {}],
    },
    "product_users": {
        "first_seen_at is not after last_seen_at": {"first_seen_at": _LATER},
        **_COUNT,
        "a user is new with their first event": {"first_seen_at": "2026-03-01 11:00:00"},
        "a user that is known was identified at some time": {"identified_at": None},
    },
    "product_devices": {**_SPAN, **_COUNT, "a device is of few users": {"user_count": 21}},
    "product_operating_systems": _SPAN,
    "product_locations": _SPAN,
    "product_event_types": {
        **_SPAN,
        "every event type is in the events list": {"listed_at": None},
        "no event of a type that is deleted comes": {"last_event_at": _LATER},
    },
    "product_event_properties": {"value_number is there for numbers only": {"value_type": "VARCHAR"}},
    "int_product_user_days": {
        "a user is new on their first day only": {"user_key": "old"},
        "user_key, event_type, date_day never repeat": [{}, {}],
    },
    "int_product_days": {
        "counts are those of int_product_user_days": {"user_count": 2},
        "event_type, date_day never repeat": [{}, {}],
    },
    "product_daily": {
        "counts are those of int_product_days, and zero where it has none": {"event_count": 2},
        "no day is missing": [{"event_type": "torn"}, {"event_type": "torn", "date_day": "2026-03-03"}],
        "newcomers are users, and users have events": {"first_time_user_count": 2},
        "event_type, date_day never repeat": [{}, {}],
    },
    "int_product_user_periods": {
        "period_start is the first of a period": {"period": "month"},
        "nobody is active on more days than the period has": {"active_days": 2},
        "user_key, period, period_start never repeat": [{}, {}],
    },
    "product_active_users": {
        "period_start is the first of a period": {"period": "month"},
        "active users are those of int_product_user_periods": {"active_users": 2},
        "users on exactly so many days add up to all": {"period_start": "2026-03-09", "exactly_users": 2},
        "users on at least so many days are those on exactly so many and on more": {"at_least_users": 2},
        "stickiness is avg_daily_users / active_users": {"stickiness": 0.5},
        "period, period_start, active_days never repeat": [{}, {}],
    },
    "product_events_enriched": {
        "an event of a session shows its session": {"session_number": None},
        "nothing happens before the user's first event": {"happened_at": "2026-03-01 11:00:00"},
    },
    "amplitude_round_trip": {
        "nothing that was sent more than a day before is missing": {
            **{"sent_count": 2, "missing_count": 1, "newest_event_at": _DAY_LATER},
        },
        "nothing comes back that was not sent": {"unexpected_count": 1},
        "sent = accepted + deduplicated + missing": {"sent_count": 2},
    },
}
