"""Streamers by day."""

from __future__ import annotations

from datetime import timedelta

from snowflake.snowpark import Session

from tests.feeding import frame_of, rows_of
from tests.unit.marts.samples import DAY, HOUR_MS, day_of
from transforms.marts.fact_stream_days import TABLE as DAYS
from transforms.marts.mart_streamer_daily import TABLE, build


def test_a_streamers_streams_are_summed_per_day(frames: Session):
    rows = [
        day_of("1", "a"),
        day_of("2", "a", peak_viewers=9, viewer_ms=2 * HOUR_MS, is_start_day=False),
        day_of("3", "b", peak_viewers=None, viewer_ms=0, covered_ms=0),
        day_of("1", "a", date_day=DAY + timedelta(days=1), is_start_day=False),
    ]
    built = build(frame_of(frames, DAYS, rows))
    assert rows_of(built) == [
        ("ka", "twitch", "a", DAY, 6.0, 3.0, 9, 120.0, 1, 6 * HOUR_MS, 2 * HOUR_MS),
        ("ka", "twitch", "a", DAY + timedelta(days=1), 4.0, 4.0, 5, 60.0, 0, 4 * HOUR_MS, HOUR_MS),
        ("kb", "twitch", "b", DAY, 0.0, None, None, 0.0, 1, 0, 0),
    ]


def test_no_days_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame_of(frames, DAYS, []))
    assert built.collect() == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
