"""Broadcasts: peaks, averages over time, and what one sample alone says."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.feeding import T0, minutes, rows_of
from tests.unit.marts.samples import observations, sample
from transforms.marts.fact_stream_sessions import TABLE, build


def test_a_stream_is_integrated_over_time(frames: Session):
    built = build(
        observations(
            frames,
            sample("a", minutes(0), 10, hold_ms=1_800_000),
            sample("a", minutes(30), 40, hold_ms=900_000),
            sample("a", minutes(45), 40),
        )
    )
    watched_ms, covered_ms = 10 * 1_800_000 + 40 * 900_000, 2_700_000
    assert rows_of(built) == [
        ("a", "twitch", "ka", "ua", T0, minutes(0), minutes(45), minutes(45), None, 3, 40, minutes(30))
        + (watched_ms, covered_ms, 20.0, 15.0, 45.0)
    ]


def test_polls_and_samples_of_a_stream_are_one_session(frames: Session):
    rows = [sample("a", minutes(0), 10, hold_ms=60_000), sample("a", minutes(1), 30, is_poll=False)]
    read = ("stream_id", "last_seen_at", "last_polled_at", "last_sampled_at", "samples", "peak_viewers", "peak_at")
    assert rows_of(build(observations(frames, *rows)), *read) == [
        ("a", minutes(1), minutes(0), minutes(1), 2, 30, minutes(1))
    ]


def test_a_single_sample_covers_no_time(frames: Session):
    built = build(observations(frames, sample("a", T0, 7)))
    read = ("samples", "peak_viewers", "peak_at", "hours_watched", "avg_viewers", "airtime_minutes")
    assert rows_of(built, *read) == [(1, 7, T0, 0.0, None, 0.0)]


def test_the_last_sample_names_the_streamer_and_zero_viewers_are_a_peak(frames: Session):
    moved = {"streamer_key": "k2", "streamer_id": "u2", "started_at": None}
    built = build(observations(frames, sample("a", T0, 0), sample("a", minutes(1), 0, **moved)))
    read = ("streamer_id", "started_at", "peak_viewers", "peak_at")
    assert rows_of(built, *read) == [("u2", T0, 0, T0)]


def test_no_samples_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(observations(frames))
    assert built.collect() == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
