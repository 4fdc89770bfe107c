"""Of Amplitude's raw tables: what a good row says, and the one change that breaks each rule."""

from __future__ import annotations

from typing import Any

Values = dict[str, Any]

GOOD: dict[str, Values] = {
    "raw_amplitude_events": {"record": {"event_type": "opened"}, "_loaded_at": "2026-03-01 12:00:05"},
    "raw_amplitude_event_types": {"record": {"name": "opened"}, "_loaded_at": "2026-03-01 12:00:05"},
    "raw_amplitude_merged_ids": {"record": {"amplitude_id": 1}, "_loaded_at": "2026-03-01 12:00:05"},
}
PLANTED: dict[str, dict[str, Values | list[Values]]] = {
    name: {
        "every record is a JSON object": {"record": [1]},
        "every row's load is in OPS.LOADS with its number of rows": {"_load_id": "unknown"},
        "no snapshot is later than its load": {"_snapshot_at": "2026-03-02 12:00:00"},
        "_source_file, _source_row never repeat": [{}, {}],
    }
    for name in GOOD
}
