"""Categories by day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from snowflake.snowpark import Session

from tests.feeding import T0, frame_of, rows_of
from tests.unit.marts.samples import DAY, HOUR_MS, day_of
from transforms.marts.fact_stream_days import TABLE as DAYS
from transforms.marts.mart_concurrent_viewers import TABLE as CONCURRENT
from transforms.marts.mart_game_daily import TABLE, build


def concurrent(scope: str, scope_id: str, viewers: int, minute: int) -> dict[str, Any]:
    at = T0 + timedelta(minutes=minute)
    return {"scope": scope, "scope_id": scope_id, "snapshot_at": at, "date_day": DAY, "viewers": viewers, "streams": 1}


def test_a_categorys_peak_is_the_highest_sum_not_the_sum_of_peaks(frames: Session):
    days = [
        day_of("1", "a"),
        day_of("2", "b", is_start_day=False),
        day_of("3", "c", game_id="unwatched", peak_viewers=0),
        day_of("4", "d", game_id="carried", peak_viewers=None),
    ]
    sums = [concurrent("game", "g", 7, 0), concurrent("game", "g", 8, 15), concurrent("all", "g", 99, 15)]
    built = build(frame_of(frames, DAYS, days), frame_of(frames, CONCURRENT, sums))
    assert rows_of(built) == [
        ("carried", DAY, 4.0, 4.0, None, 60.0, 1, 4 * HOUR_MS, HOUR_MS),
        ("g", DAY, 8.0, 4.0, 8, 120.0, 1, 8 * HOUR_MS, 2 * HOUR_MS),
        ("unwatched", DAY, 4.0, 4.0, 0, 60.0, 1, 4 * HOUR_MS, HOUR_MS),
    ]


def test_no_days_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame_of(frames, DAYS, []), frame_of(frames, CONCURRENT, []))
    assert built.collect() == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
