"""Samples in staging: typed, one per stream and time, and what is no sample refused with its position."""

from __future__ import annotations

import json
from typing import Any

from snowflake.snowpark import Session

from flows.load.messages import Position, record_of
from tests.feeding import T0, LandingFile, build_all, load, minutes, rows_of, written
from transforms.engine.stored import read_table
from transforms.ops import QUARANTINE
from transforms.staging.stg_stream_samples import TABLE

SENT_MS = 1_695_574_805_000  # 2023-09-24 17:00:05 UTC


def message(offset: int, value: bytes | dict[str, Any], partition: int = 0) -> dict[str, Any]:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return record_of(Position("samples", "one", partition, offset), content, b"1", SENT_MS + offset, 1000)


def sample(stream_id: str, viewers: Any, **more: Any) -> dict[str, Any]:
    return {
        "timestamp": "2023-09-24T17:00:00Z",
        "stream_id": stream_id,
        "user_name": "Ann",
        "game_name": "Chess",
        "viewer_count": viewers,
        "started_at": "2023-09-24T15:59:30Z",
        "language": "en",
        **more,
    }


def test_messages_become_typed_rows_and_those_without_viewers_stay_flagged(warehouse: Session):
    records = (message(0, sample("1", 5, user_id="7", game_id="743")), message(1, sample("2", 0)))
    load(warehouse, LandingFile("samples", T0, records, source="kafka"))
    assert written(build_all(warehouse, [TABLE.name])[TABLE.name]) == (2, 0, 0)
    names = ("stream_id", "collected_at", "streamer_id", "streamer_name", "game_id", "viewer_count", "has_no_viewers")
    assert rows_of(read_table(warehouse, TABLE), *names, "minutes_live", "partition_number", "message_offset") == [
        ("1", T0, "7", "Ann", "743", 5, False, 60, 0, 0),
        ("2", T0, None, "Ann", None, 0, True, 60, 0, 1),
    ]


def test_of_two_messages_of_a_stream_and_time_the_later_one_counts_in_any_order(warehouse: Session):
    later, earlier = message(9, sample("1", 9)), message(3, sample("1", 3))
    load(warehouse, LandingFile("samples", T0, (later,), source="kafka"))
    build_all(warehouse, [TABLE.name])
    load(warehouse, LandingFile("samples", minutes(1), (earlier,), source="kafka"))
    assert written(build_all(warehouse, [TABLE.name])[TABLE.name]) == (0, 0, 0)
    assert rows_of(read_table(warehouse, TABLE), "viewer_count") == [(9,)]


def test_what_is_no_sample_is_refused_with_its_position(warehouse: Session):
    records = (
        message(4, b"{no json", partition=2),
        message(5, b"[1]"),
        message(6, b"x" * 1001),
        message(7, sample("1", "many")),
        message(8, sample("", 5)),
    )
    load(warehouse, LandingFile("samples", T0, records, source="kafka"))
    assert written(build_all(warehouse, [TABLE.name])[TABLE.name]) == (0, 0, 0)
    found = rows_of(read_table(warehouse, QUARANTINE), "rule", "reason")
    assert sorted(rule for rule, _ in found) == [
        "message_is_a_sample",
        "message_is_a_sample",
        "message_is_a_sample",
        "stream_id_missing",
        "viewer_count_type",
    ]
    reasons = " | ".join(reason for _, reason in found)
    assert "the message is no JSON: " in reasons
    assert "(topic samples, partition 2, offset 4)" in reasons
    assert "the message has 1,001 bytes; at most 1,000 are taken (topic samples, partition 0, offset 6)" in reasons
    assert "viewer_count is text (many); expected a whole number (topic samples, partition 0, offset 7)" in reasons
