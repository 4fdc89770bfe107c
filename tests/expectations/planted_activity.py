"""Of the activity streams: what a good row says, and the one change that breaks each hand-written rule."""

from __future__ import annotations

from typing import Any

from transforms.activity.definitions.registry import list_known_activities

Values = dict[str, Any]

_AT, _LATER = "2026-03-01 12:00:00", "2026-03-01 12:30:00"
_DAY_END = "2026-03-01 00:00:00"


def _features(activity: str) -> Values:
    return {feature.name: None for feature in list_known_activities()[activity].features}


def _event(person: str, activity: str, **changes: Any) -> Values:
    """One event of a person; its activity_id is not that of any row of the events' table."""
    return {
        "activity_id": f"{person} {activity}",
        "person": person,
        "customer": person,
        "anonymous_customer_id": None,
        "activity": activity,
        "feature_json": _features(activity),
        "ts": _AT,
    } | changes


def _numbered(person: str, activity: str, **changes: Any) -> Values:
    return _event(person, activity, **{"activity_occurrence": 1, "activity_repeated_at": None, **changes})


_GOOD = {"streamer": _event("twitch:s", "stream_started"), "viewer": _event("billing:v", "payment_made")}
_ONCE = {"streamer": "first_stream_completed", "viewer": "gift_giver"}
_RISK = {"streams": 1, "streams_before": 3, "unique_viewers": 9, "unique_viewers_before": 9}

GOOD: dict[str, Values] = {
    "raw_identity_links": {"record": {"anonymous_id": "a"}, "_loaded_at": "2026-03-01 12:00:05"},
    "stg_identity_links": {},
    "int_identities": {"customer": "billing:u", "known_as": "livelogs:a"},
    "int_stream_ends": {"started_at": _AT, "ended_at": _LATER},
    "int_subscription_moments": {"activity": "subscription_started", "period_number": 1},
    "int_streamer_risk": {"platform": "twitch", "newest_stream_at": _AT, "at_risk_at": None},
    "int_streamers_at_risk": {"known_until": _AT, "at_risk_at": _DAY_END, **_RISK},
    **{f"int_{kind}_events": good for kind, good in _GOOD.items()},
    **{
        f"{kind}_activity": {**good, "activity_occurrence": 1, "activity_repeated_at": None}
        for kind, good in _GOOD.items()
    },
}

# Rows that rules look up, in no batch that is checked: events that come with those that are planted.
ALSO: dict[str, list[Values]] = {
    "int_identities": [{"user_key": "on", "known_as": "livelogs:b", "customer": "livelogs:c"}],
    "int_subscription_moments": [{"subscription_id": "apart", "happened_at": _AT}],
    **{
        f"{kind}_activity": [
            _numbered("x:late", good["activity"], activity_id="b", activity_occurrence=2, ts=_AT),
            _numbered("x:repeated", good["activity"], activity_id="b", activity_occurrence=2, ts=_LATER),
        ]
        for kind, good in _GOOD.items()
    },
}

APART: dict[str, Values] = {
    "int_identities": {"user_key": "apart", "streamer_key": "apart", "known_as": "livelogs:apart"},
    "int_stream_ends": {"stream_id": "apart"},
    "int_subscription_moments": {"subscription_id": "apart", "activity": "subscription_renewed", "period_number": 2},
    "int_streamer_risk": {"platform": "apart"},
    "int_streamers_at_risk": {"person": "apart"},
    **{
        name: {"activity_id": "apart", "person": "x:apart", "customer": "x:apart"}
        for kind in _GOOD
        for name in (f"int_{kind}_events", f"{kind}_activity")
    },
}


def _of_events(kind: str) -> dict[str, Values | list[Values]]:
    """What breaks the rules that events and streams share."""
    return {
        "an event has a customer or an anonymous customer": {"customer": None},
        "an event is its customer's, or else the anonymous one's": {"person": "x:another"},
        "people are named <platform>:<id>": {"customer": "apart", "person": "apart"},
        "the activity is one that is declared": {"activity": "danced"},
        "every row of an activity has the same features": {"feature_json": {"stream_id": None, "more": 1}},
        "activity_id never repeats": [{}, {}],
    }


def _of_stream(kind: str) -> dict[str, Values | list[Values]]:
    return {
        **_of_events(kind),
        "a person's occurrences of an activity are 1 to n without a gap": {"activity_occurrence": 2},
        "occurrences are in the order of ts and activity_id": {
            **{"person": "x:late", "customer": "x:late"},
            **{"activity_id": "a", "ts": _LATER, "activity_repeated_at": _AT},
        },
        "activity_repeated_at is the time of the next occurrence": {"person": "x:repeated", "activity_id": "a"},
        "a lifecycle activity happens once": {"activity": _ONCE[kind], "activity_occurrence": 2},
        f"time and person are those of int_{kind}_events": {"activity_id": f"{_GOOD[kind]['activity_id']}"},
    }


PLANTED: dict[str, dict[str, Values | list[Values]]] = {
    "raw_identity_links": {
        "every record is a JSON object": {"record": [1]},
        "every row's load is in OPS.LOADS with its number of rows": {"_load_id": "unknown"},
        "no snapshot is later than its load": {"_snapshot_at": "2026-03-02 12:00:00"},
        "_source_file, _source_row never repeat": [{}, {}],
    },
    "stg_identity_links": {
        "a link is made before it is delivered": {"linked_at": "2026-04-01 00:00:00"},
        "platform, anonymous_id, linked_at, snapshot_at never repeat": [{}, {}],
    },
    "int_identities": {
        "facts of streamers and of viewers find the link by the same hash": {"streamer_key": "another"},
        "links do not go in a circle": {"customer": "livelogs:b"},
        "user_key never repeats": [{}, {}],
    },
    "int_stream_ends": {
        "started_at is not after ended_at": {"started_at": _LATER, "ended_at": _AT},
        "stream_id never repeats": [{}, {}],
    },
    "int_subscription_moments": {
        "the number of the period is that of the activity": {"period_number": 1},
        "nothing happens to a subscription before it begins": {"happened_at": _DAY_END},
        "subscription_id, activity, period_number never repeat": [{}, {}],
    },
    "int_streamer_risk": {"person, platform never repeat": [{}, {}]},
    "int_streamers_at_risk": {
        "streams or unique viewers are less than half of the week before": {"streams": 2},
        "the moment is the end of a UTC day that the data has reached": {"at_risk_at": _AT},
        "person never repeats": [{}, {}],
    },
    **{f"int_{kind}_events": _of_events(kind) for kind in _GOOD},
    **{f"{kind}_activity": _of_stream(kind) for kind in _GOOD},
}
