"""The most watched streamers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from snowflake.snowpark import Session

from tests.feeding import T0, frame_of, rows_of
from tests.unit.marts.samples import DAY, HOUR_MS
from transforms.marts.dim_streamers import TABLE as STREAMERS
from transforms.marts.mart_streamer_daily import TABLE as STREAMER_DAILY
from transforms.marts.mart_top_streamers import TABLE, build


def daily(streamer: str, days_ago: int, hours: int) -> dict[str, Any]:
    return {
        "streamer_key": f"k{streamer}",
        "platform": "twitch",
        "streamer_id": streamer,
        "date_day": DAY - timedelta(days=days_ago),
        "hours_watched": float(hours),
        "airtime_minutes": 60.0,
        "peak_viewers": hours,
        "streams_started": 1,
        "viewer_ms": hours * HOUR_MS,
        "covered_ms": HOUR_MS,
    }


def test_streamers_are_ranked_per_window_that_ends_at_the_newest_day(frames: Session):
    rows = [daily("a", 0, 1), daily("a", 7, 8), daily("b", 6, 3), daily("c", 30, 100), daily("d", 0, 1)]
    known = [
        {"streamer_key": f"k{name}", "platform": "twitch", "streamer_id": name, "streamer_name": name.upper()}
        | {"first_seen_at": T0, "last_seen_at": T0}
        for name in "abc"
    ]
    built = build(frame_of(frames, STREAMER_DAILY, rows), frame_of(frames, STREAMERS, known))
    read = ("ranking_window", "streamer_rank", "streamer_id", "streamer_name", "hours_watched")
    assert rows_of(built, *read) == [
        ("all_time", 1, "c", "C", 100.0),
        ("all_time", 2, "a", "A", 9.0),
        ("all_time", 3, "b", "B", 3.0),
        ("all_time", 4, "d", None, 1.0),
        ("last_30_days", 1, "a", "A", 9.0),
        ("last_30_days", 2, "b", "B", 3.0),
        ("last_30_days", 3, "d", None, 1.0),
        ("last_7_days", 1, "b", "B", 3.0),
        ("last_7_days", 2, "a", "A", 1.0),
        ("last_7_days", 3, "d", None, 1.0),
    ]


def test_no_days_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame_of(frames, STREAMER_DAILY, []), frame_of(frames, STREAMERS, []))
    assert built.collect() == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
