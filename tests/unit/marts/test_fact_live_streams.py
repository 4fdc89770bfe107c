"""Logged streams: the newest read, minutes rounded up, time to the peak."""

from __future__ import annotations

from datetime import timedelta

from snowflake.snowpark import Session

from tests.feeding import build_all, frame_of, load, minutes, read_from_sheet, rows_of, written
from tests.unit.livelogs import READ_AT, STREAM, after, logged
from transforms.engine.stored import read_table
from transforms.marts.fact_live_streams import TABLE, build
from transforms.staging.stg_livelogs_streams import TABLE as STAGED

REST = len(TABLE.columns) - 12


def test_what_follows_from_the_log(frames: Session):
    peak_at = after(10) + timedelta(milliseconds=250)
    rows = [
        logged("exact", max_viewers=5, max_viewers_at=peak_at, follow_change=-3),
        logged("begun minute", duration_seconds=1801, close_by=None, max_viewers=0),
        logged("early peak", duration_seconds=0, max_viewers_at=after(-1)),
        logged("unknown length", duration_seconds=None, ended_at=None),
    ]
    built = build(frame_of(frames, STAGED, rows))
    read = ("stream_id", "duration_minutes", "close_by", "max_viewers", "seconds_to_peak", "follow_change")
    assert rows_of(built, *read) == [
        ("begun minute", 31, "Other", 0, None, None),
        ("early peak", 0, "normalEnd", None, -60.0, None),
        ("exact", 30, "normalEnd", 5, 600.25, -3),
        ("unknown length", None, "normalEnd", None, None, None),
    ]


def test_the_newest_read_counts_as_a_whole_and_a_row_has_every_column(frames: Session):
    corrected = logged("s", snapshot_at=READ_AT.replace(day=26), duration_seconds=60)
    built = build(frame_of(frames, STAGED, [corrected, logged("s", like_count=7)]))
    head = ("s", "livelogs", "kann", "ann", after(0), after(30), 60, 1, "normalEnd", None, None, None)
    assert rows_of(built) == [head + (None,) * REST]


def test_no_streams_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame_of(frames, STAGED, []))
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)


def test_a_second_read_of_the_same_sheet_changes_nothing(warehouse: Session):
    load(warehouse, read_from_sheet("streams", minutes(0), STREAM))
    assert written(build_all(warehouse, ["+fact_live_streams"])["fact_live_streams"]) == (1, 0, 0)
    load(warehouse, read_from_sheet("streams", minutes(15), STREAM))
    assert written(build_all(warehouse, ["+fact_live_streams"])["fact_live_streams"]) == (0, 0, 0)
    assert rows_of(read_table(warehouse, TABLE), "stream_id") == [("1",)]
