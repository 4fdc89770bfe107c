"""Stream days: time is cut at UTC midnight, a stream starts on one day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from snowflake.snowpark import Session

from tests.feeding import rows_of
from tests.unit.marts.samples import observations, sample
from transforms.marts.fact_stream_days import TABLE, build

LATE = datetime(2023, 9, 24, 23, 50)
DAY, NEXT = date(2023, 9, 24), date(2023, 9, 25)
HOUR = 3_600_000
READ = ("game_id", "date_day", "samples", "peak_viewers", "viewer_ms", "covered_ms", "is_start_day")


def test_time_is_cut_at_midnight_and_carried_time_has_no_peak(frames: Session):
    built = build(observations(frames, sample("a", LATE, 6, hold_ms=1_500_000)))
    assert rows_of(built, *READ) == [
        ("g", DAY, 1, 6, 6 * 600_000, 600_000, True),
        ("g", NEXT, 0, None, 6 * 900_000, 900_000, False),
    ]


def test_a_long_gap_cap_may_cross_several_midnights(frames: Session):
    built = build(observations(frames, sample("a", LATE, 1, hold_ms=49 * HOUR)))
    covered = [(row[1], row[5]) for row in rows_of(built, *READ)]
    last = DAY + timedelta(days=3)
    assert covered == [(DAY, 600_000), (NEXT, 24 * HOUR), (NEXT + timedelta(days=1), 24 * HOUR), (last, 3_000_000)]


def test_time_up_to_midnight_stays_on_its_day(frames: Session):
    built = build(observations(frames, sample("a", LATE, 1, hold_ms=600_000)))
    assert [(row[1], row[5]) for row in rows_of(built, *READ)] == [(DAY, 600_000)]


def test_a_stream_counts_on_the_day_it_started_even_unseen(frames: Session):
    before = {"started_at": datetime(2023, 9, 23, 23)}
    built = build(
        observations(
            frames,
            sample("a", LATE, 1, hold_ms=300_000, game_id="first", **before),
            sample("a", LATE + timedelta(minutes=5), 2, game_id="second", **before),
            sample("b", LATE, 3, started_at=None),
        )
    )
    assert rows_of(built, "stream_id", *READ) == [
        ("a", "first", date(2023, 9, 23), 0, None, 0, 0, True),
        ("a", "first", DAY, 1, 1, 300_000, 300_000, False),
        ("a", "second", DAY, 1, 2, 0, 0, False),
        ("b", "g", DAY, 1, 3, 0, 0, True),
    ]


def test_no_samples_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(observations(frames))
    assert built.collect() == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
