"""Of the tables of live logs: what a good row says, and the one change that breaks each hand-written rule."""

from __future__ import annotations

from typing import Any

Values = dict[str, Any]

_LOADED = "2026-03-01 12:00:05"
_SPAN = {"started_at": "2026-03-01 11:00:00", "ended_at": "2026-03-01 12:00:00", "duration_seconds": 3600}
_NOON_SECONDS = 1_772_366_400

GOOD: dict[str, Values] = {
    "raw_livelogs_streams": {"_loaded_at": _LOADED, "record": {"liveStreamID": "1"}},
    "raw_livelogs_gifts": {"_loaded_at": _LOADED, "record": {"id": "1"}},
    "raw_livelogs_gift_types": {"_loaded_at": _LOADED, "record": {"giftID": "1"}},
    "stg_livelogs_streams": _SPAN,
    "stg_livelogs_gifts": {"unix_seconds": _NOON_SECONDS},
    "int_gifts": {"is_cancelled": False},
    "int_named_gifts": {"is_cancelled": False},
    "fact_live_streams": {
        **_SPAN,
        "duration_minutes": 60,
        "max_viewers_at": "2026-03-01 11:30:00",
        "seconds_to_peak": 1800.0,
        "streamer_type": 0,
    },
    "fact_gifts": {"is_cancelled": False, "points_in_stream": 10},
}

# The rows that rules look up stay one of their key.
APART: dict[str, Values] = {
    "int_named_gifts": {"gift_transaction_id": "apart"},
    "fact_live_streams": {"stream_id": "apart"},
}


def _raw_planted(listed_once: str, field: str) -> dict[str, Values | list[Values]]:
    return {
        "every record is a JSON object": {"record": [1]},
        "every row's load is in OPS.LOADS with its number of rows": {"_load_id": "unknown"},
        "no snapshot is later than its load": {"_snapshot_at": "2026-03-02 12:00:00"},
        listed_once: [{"record": {field: "twice"}, "_source_row": row} for row in (1, 2)],
    }


_NOT_TOLD: Values = {"culture_group": None, "is_contracted": None, "daily_active_viewers": None}
_LATER: Values = {"snapshot_at": "2026-03-01 10:59:00"}

PLANTED: dict[str, dict[str, Values | list[Values]]] = {
    "raw_livelogs_streams": _raw_planted("a file has each liveStreamID once", "liveStreamID"),
    "raw_livelogs_gifts": _raw_planted("a file has each id once", "id"),
    "raw_livelogs_gift_types": _raw_planted("a file has each giftID once", "giftID"),
    "stg_livelogs_streams": {
        "a stream ends after it began": {"ended_at": "2026-03-01 10:00:00"},
        "duration is the time from begin to end, to the second": {"duration_seconds": 3598},
        "no stream begins after the read": _LATER,
    },
    "stg_livelogs_gifts": {
        "both times of a gift are the same second": {"unix_seconds": _NOON_SECONDS + 3600},
        "no gift is later than the read": _LATER,
        "a gift is worth points": {"points": 0},
    },
    "stg_livelogs_gift_types": {"a kind of gift has a name and is worth points": {"gift_name": None}},
    "int_named_gifts": {"gift_transaction_id never repeats": [{}, {}]},
    "fact_live_streams": {
        "duration_minutes is duration_seconds / 60, rounded up": {"duration_seconds": 3601},
        "seconds_to_peak is the time from started_at to max_viewers_at": {"seconds_to_peak": 1800.5},
        "the peak is within the stream, to the second": {"max_viewers_at": "2026-03-01 12:00:01"},
        "a stream has a time of its peak exactly where somebody watched": {"max_viewers_at": None},
        "the log says what ended the stream": {"close_by": "Other"},
        "never more viewers at a time than different viewers": {"max_viewers": 11},
        "a stream costs no followers": {"follow_change": -1},
        "a stream ends on the UTC day it began": {"ended_at": "2026-03-02 00:00:00"},
        "streamer_type is 0, 1 or 2": {"streamer_type": 3},
        "the log tells group, contract or active viewers of the day": _NOT_TOLD,
        "stream_id never repeats": [{}, {}],
    },
    "fact_gifts": {
        "points, cancellation and streamer are those of int_named_gifts": {"points": 11},
        "a gift's stream is one of the streamer and was on": {"gifted_at": "2026-03-01 12:00:01"},
        "points count for a stream unless cancelled or outside": {"points_in_stream": 0},
        "a gift without a giver is anonymous": {"user_id": "", "is_anonymous": False},
        "a gift was given in a logged stream": {"stream_id": None},
        "what was given is in GIFT_TYPE": {"gift_name": None},
    },
}
