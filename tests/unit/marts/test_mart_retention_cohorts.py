"""Retention: who of a cohort came back at which age."""

from __future__ import annotations

from typing import Any

import pytest
from snowflake.snowpark import Session

from tests.feeding import frame_of, rows_of
from tests.unit.marts.growing import september, was_active
from transforms.marts.int_customer_periods import TABLE as ACTIVE
from transforms.marts.mart_retention_cohorts import TABLE, build


def retention(session: Session, *active: dict[str, Any]) -> list[tuple[Any, ...]]:
    return rows_of(build(frame_of(session, ACTIVE, active)))


def days(customer: str, *numbers: int, kind: str = "streamer") -> list[dict[str, Any]]:
    return was_active(customer, "day", *[september(number) for number in numbers], kind=kind)


def test_a_cell_that_is_over_has_both_measures_and_0_where_nobody_came_back(frames: Session):
    active = [*days("a", 4, 5, 7), *days("b", 4, 5), *days("c", 4, 8), *days("d", 7)]
    active[0] |= {"stream_count": 3, "activity_count": 4}
    third = pytest.approx(1 / 3)
    assert retention(frames, *active) == [
        # age, period, size, customers, rate, streams, activities
        ("streamer", "day", september(4), 0, september(4), 3, 3, 1.0, 5, 6),
        ("streamer", "day", september(4), 1, september(5), 3, 2, pytest.approx(2 / 3), 2, 2),
        ("streamer", "day", september(4), 2, september(6), 3, 0, 0.0, 0, 0),
        ("streamer", "day", september(4), 3, september(7), 3, 1, third, 1, 1),
        ("streamer", "day", september(4), 4, september(8), 3, None, None, None, None),
        ("streamer", "day", september(7), 0, september(7), 1, 1, 1.0, 1, 1),
        ("streamer", "day", september(7), 1, september(8), 1, None, None, None, None),
    ]


def test_weeks_and_months_have_ages_of_their_own_and_end_with_the_newest_day(frames: Session):
    weeks = was_active("a", "week", september(25), september(32))
    months = was_active("a", "month", september(1), september(31)) + was_active("b", "month", september(1))
    assert [row for row in retention(frames, *weeks, *months, *days("a", 30, 33)) if row[1] != "day"] == [
        ("streamer", "month", september(1), 0, september(1), 2, 2, 1.0, 2, 2),
        ("streamer", "month", september(1), 1, september(31), 2, None, None, None, None),
        ("streamer", "week", september(25), 0, september(25), 1, 1, 1.0, 1, 1),
        ("streamer", "week", september(25), 1, september(32), 1, None, None, None, None),
    ]


def test_kinds_are_apart_with_a_newest_day_of_their_own_and_viewers_have_no_streams(frames: Session):
    assert retention(frames, *days("a", 4, 9), *days("a", 4, 5, kind="viewer"))[-2:] == [
        ("viewer", "day", september(4), 0, september(4), 1, 1, 1.0, None, 1),
        ("viewer", "day", september(4), 1, september(5), 1, None, None, None, None),
    ]


def test_nobody_active_is_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame_of(frames, ACTIVE, []))
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
