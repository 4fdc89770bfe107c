"""Of the tables of stream samples: what a good row says, and the one change that breaks each hand-written rule."""

from __future__ import annotations

from typing import Any

Values = dict[str, Any]

_LOADED = "2026-03-01 12:00:05"
_RECORD = {"stream_id": "1", "_incarnation": "one", "_partition": 0, "_offset": 0}

_SPIKE: Values = {
    "started_at": "2026-03-01 11:00:00",
    "peak_at": "2026-03-01 11:01:00",
    "last_spike_at": "2026-03-01 11:05:00",
    "closed_at": "2026-03-01 11:40:00",
    "closed_viewers": 90,
    "spike_rule": "ratio",
    "usual_viewers": 100.0,
    "first_viewers": 400,
    "peak_viewers": 500,
    "spike_samples": 6,
    "is_open": False,
}

GOOD: dict[str, Values] = {
    "raw_stream_samples": {"_loaded_at": _LOADED, "record": _RECORD},
    "stg_stream_samples": {
        "started_at": "2026-03-01 11:00:00",
        "viewer_count": 10,
        "has_no_viewers": False,
        "message_fault": None,
    },
    "int_stream_observations": {"stream_id": "held", "hold_ms": 60_000},
    "fact_stream_samples": {
        "started_at": "2026-03-01 11:00:00",
        "minutes_live": 60,
        "next_collected_at": "2026-03-01 12:01:00",
        "hold_ms": 60_000,
        "has_no_viewers": False,
    },
    "mart_viewer_spikes": _SPIKE,
}

_TWICE = {"incarnation": "twice", "partition_number": 1, "message_offset": 1}

PLANTED: dict[str, dict[str, Values | list[Values]]] = {
    "raw_stream_samples": {
        "every record is a JSON object": {"record": [1]},
        "every row's load is in OPS.LOADS with its number of rows": {"_load_id": "unknown"},
        "no snapshot is later than its load": {"_snapshot_at": "2026-03-02 12:00:00"},
        "a message is loaded once": [
            {"record": {**_RECORD, "_incarnation": "twice"}, "_source_row": row} for row in (1, 2)
        ],
        "messages are rows, quarantined or repeated, per batch and partition": {
            "record": {**_RECORD, "_incarnation": "lossy"}
        },
        "a batch goes on where the one before it ended": {"record": {**_RECORD, "_incarnation": "gappy", "_offset": 9}},
        "every message is a sample": {"record": {**_RECORD, "_fault": "the message is no JSON"}},
    },
    "stg_stream_samples": {
        "no sample is collected before its stream started": {"started_at": "2026-03-01 13:00:00"},
        "has_no_viewers says whether nobody watched": {"has_no_viewers": True},
        "a sample names its streamer and category by id": {"game_id": None},
        "no position of the topic gives two samples": [{**_TWICE, "stream_id": name} for name in ("first", "second")],
    },
    "int_stream_observations": {
        "stream_id, snapshot_at never repeat": {"stream_id": "held"},
        "a count holds at most until the next observation": {"stream_id": "too long", "hold_ms": 60_001},
        "every poll of a stream is an observation": {"stream_id": "never staged", "hold_ms": 0},
    },
    "fact_stream_samples": {
        "a sample holds until the stream's next one at most": {"hold_ms": 60_001},
        "the next sample is later": {"next_collected_at": "2026-03-01 11:59:00"},
    },
    "mart_viewer_spikes": {
        "started_at is not after peak_at": {"started_at": "2026-03-01 11:02:00"},
        "peak_at is not after last_spike_at": {"peak_at": "2026-03-01 11:06:00"},
        "an episode is closed behind its last spike, or open": {"is_open": True},
        "the peak is not below the first sample": {"peak_viewers": 399},
        "a spike of the ratio has a usual level below it": {"usual_viewers": None},
        "no episode of a stream begins before the one before is over": [
            {"stream_id": "twice", "spike_key": "first"},
            {"stream_id": "twice", "spike_key": "second", "started_at": "2026-03-01 11:00:30"},
        ],
    },
}

# Positions of each batch: of the good row, of one that lost a message, and of one in which offsets are missing.
POSITIONS: list[Values] = [
    {"incarnation": name, "partition_number": 0, "first_offset": first, "last_offset": last, "messages": messages}
    | {"rows_loaded": 1, "quarantined": 0, "repeated": 0}
    for name, first, last, messages in (("one", 0, 0, 1), ("lossy", 0, 0, 2), ("gappy", 9, 12, 1))
]
