"""Stream snapshots: how long a count holds, and since when a stream is live."""

from __future__ import annotations

from datetime import timedelta

from snowflake.snowpark import Session

from tests.feeding import T0, frame_of, minutes, rows_of
from transforms.marts.fact_stream_snapshots import TABLE, build
from transforms.staging.stg_twitch_streams import TABLE as STREAMS

READ = ("stream_id", "snapshot_at", "next_snapshot_at", "hold_ms", "minutes_live")


def staged(session: Session, *rows: dict):
    common = {"platform": "twitch", "streamer_key": "k", "streamer_id": "u", "game_id": "g", "viewer_count": 1}
    return frame_of(
        session, STREAMS, [{**common, "_source_file": "f", "_source_row": 1, "_load_id": "l"} | row for row in rows]
    )


def test_a_count_holds_until_the_next_sample_or_the_cap(frames: Session):
    rows = [{"stream_id": "a", "snapshot_at": at, "started_at": T0} for at in (minutes(0), minutes(10), minutes(80))]
    rows.append({"stream_id": "b", "snapshot_at": minutes(10), "started_at": None})
    built = build(staged(frames, *rows), gap_cap_seconds=2700)
    assert rows_of(built, *READ) == [
        ("a", minutes(0), minutes(10), 600_000, 0),
        ("a", minutes(10), minutes(80), 2_700_000, 10),
        ("a", minutes(80), None, 0, 80),
        ("b", minutes(10), None, 0, None),
    ]


def test_minutes_live_are_floored_also_before_the_start(frames: Session):
    almost = timedelta(milliseconds=1)
    rows = [
        {"stream_id": "a", "snapshot_at": minutes(2) - almost, "started_at": T0},
        {"stream_id": "b", "snapshot_at": T0 - almost, "started_at": T0},
        {"stream_id": "c", "snapshot_at": minutes(2), "started_at": T0},
    ]
    built = build(staged(frames, *rows), gap_cap_seconds=2700)
    assert rows_of(built, "stream_id", "minutes_live") == [("a", 1), ("b", -1), ("c", 2)]


def test_the_key_names_stream_and_time(frames: Session):
    rows = [{"stream_id": name, "snapshot_at": at} for name in ("a", "b") for at in (minutes(0), minutes(0.001))]
    built = rows_of(build(staged(frames, *rows), gap_cap_seconds=60), "stream_snapshot_key")
    again = rows_of(build(staged(frames, *rows[::-1]), gap_cap_seconds=60), "stream_snapshot_key")
    assert built == again
    assert len(set(built)) == 4


def test_nothing_staged_gives_an_empty_frame_of_the_contract(frames: Session):
    built = build(staged(frames), gap_cap_seconds=60)
    assert built.collect() == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
