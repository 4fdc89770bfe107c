"""Streamers at risk: those whose moment has come."""

from __future__ import annotations

from typing import Any

from snowflake.snowpark import Session

from tests.feeding import rows_of
from tests.unit.activity.facts import at, frame
from transforms.activity.int_streamers_at_risk import TABLE, build

COUNTS = {"reason": "streams", "streams": 0, "streams_before": 1, "unique_viewers": 0, "unique_viewers_before": 0}


def row(person: str, platform: str, newest: Any, risk: Any) -> dict[str, Any]:
    counts = COUNTS if risk else {}
    return {"person": person, "platform": platform, "newest_stream_at": newest, "at_risk_at": risk, **counts}


def test_a_moment_counts_once_the_data_of_every_platform_of_the_streamer_has_reached_it(frames: Session):
    rows = [
        row("a:newest", "a", at(0, 9), None),
        row("b:newest", "b", at(23, 8), None),
        row("a:now", "a", at(9, 1), at(0, 9)),
        row("a:later", "a", at(9, 2), at(0, 10)),
        row("b:not yet told", "b", at(9, 1), at(0, 9)),
        row("on both", "a", at(9, 1), at(0, 8)),
        row("on both", "b", at(9, 1), at(0, 8)),
        row("on both, not yet told", "a", at(9, 1), at(0, 9)),
        row("on both, not yet told", "b", at(9, 1), at(0, 9)),
    ]
    assert rows_of(build(frame(frames, "int_streamer_risk", *rows))) == [
        ("a:now", at(0, 9), at(0, 9), "streams", 0, 1, 0, 0),
        ("on both", at(23, 8), at(0, 8), "streams", 0, 1, 0, 0),
    ]


def test_no_streamers_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame(frames, "int_streamer_risk"))
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
