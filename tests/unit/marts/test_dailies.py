"""The marts over stream days: streamers by day, categories by day, the most watched."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from snowflake.snowpark import Session

from tests.feeding import T0, frame_of, rows_of
from transforms.marts import mart_game_daily, mart_streamer_daily, mart_top_streamers
from transforms.marts.dim_streamers import TABLE as STREAMERS
from transforms.marts.fact_stream_days import TABLE as DAYS
from transforms.marts.mart_concurrent_viewers import TABLE as CONCURRENT
from transforms.marts.mart_streamer_daily import TABLE as STREAMER_DAILY

DAY = date(2023, 9, 24)
HOUR = 3_600_000


def day_of(stream_id: str, streamer: str, **changes: Any) -> dict[str, Any]:
    row = {
        "stream_id": stream_id,
        "game_id": "g",
        "date_day": DAY,
        "platform": "twitch",
        "streamer_key": f"k{streamer}",
        "streamer_id": streamer,
        "samples": 1,
        "peak_viewers": 5,
        "viewer_ms": 4 * HOUR,
        "covered_ms": HOUR,
        "is_start_day": True,
    }
    return row | changes


def test_a_streamers_streams_are_summed_per_day(frames: Session):
    rows = [
        day_of("1", "a"),
        day_of("2", "a", peak_viewers=9, viewer_ms=2 * HOUR, is_start_day=False),
        day_of("3", "b", peak_viewers=None, viewer_ms=0, covered_ms=0),
        day_of("1", "a", date_day=DAY + timedelta(days=1), is_start_day=False),
    ]
    built = mart_streamer_daily.build(frame_of(frames, DAYS, rows))
    assert rows_of(built) == [
        ("ka", "twitch", "a", DAY, 6.0, 3.0, 9, 120.0, 1, 6 * HOUR, 2 * HOUR),
        ("ka", "twitch", "a", DAY + timedelta(days=1), 4.0, 4.0, 5, 60.0, 0, 4 * HOUR, HOUR),
        ("kb", "twitch", "b", DAY, 0.0, None, None, 0.0, 1, 0, 0),
    ]


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
    built = mart_game_daily.build(frame_of(frames, DAYS, days), frame_of(frames, CONCURRENT, sums))
    assert rows_of(built) == [
        ("carried", DAY, 4.0, 4.0, None, 60.0, 1, 4 * HOUR, HOUR),
        ("g", DAY, 8.0, 4.0, 8, 120.0, 1, 8 * HOUR, 2 * HOUR),
        ("unwatched", DAY, 4.0, 4.0, 0, 60.0, 1, 4 * HOUR, HOUR),
    ]


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
        "viewer_ms": hours * HOUR,
        "covered_ms": HOUR,
    }


def test_streamers_are_ranked_per_window_that_ends_at_the_newest_day(frames: Session):
    rows = [daily("a", 0, 1), daily("a", 7, 8), daily("b", 6, 3), daily("c", 30, 100), daily("d", 0, 1)]
    known = [
        {"streamer_key": f"k{name}", "platform": "twitch", "streamer_id": name, "streamer_name": name.upper()}
        | {"first_seen_at": T0, "last_seen_at": T0}
        for name in "abc"
    ]
    built = mart_top_streamers.build(frame_of(frames, STREAMER_DAILY, rows), frame_of(frames, STREAMERS, known))
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


def test_no_days_give_empty_frames_of_the_contracts(frames: Session):
    none = frame_of(frames, DAYS, [])
    built = [
        (mart_streamer_daily, mart_streamer_daily.build(none)),
        (mart_game_daily, mart_game_daily.build(none, frame_of(frames, CONCURRENT, []))),
        (
            mart_top_streamers,
            mart_top_streamers.build(frame_of(frames, STREAMER_DAILY, []), frame_of(frames, STREAMERS, [])),
        ),
    ]
    for module, frame in built:
        assert frame.collect() == []
        assert [name.lower() for name in frame.columns] == list(module.TABLE.column_names)
