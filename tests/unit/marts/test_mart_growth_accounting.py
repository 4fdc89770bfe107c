"""Growth accounting: where the active customers of a period come from, and who is missing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from snowflake.snowpark import Session

from tests.feeding import frame_of, rows_of
from tests.unit.marts.growing import september, was_active
from transforms.marts.int_customer_periods import TABLE as ACTIVE
from transforms.marts.mart_growth_accounting import TABLE, build


def growth(session: Session, *active: dict[str, Any]) -> list[tuple[Any, ...]]:
    return rows_of(build(frame_of(session, ACTIVE, active)))


def days(customer: str, *numbers: int, kind: str = "streamer") -> list[dict[str, Any]]:
    return was_active(customer, "day", *[september(number) for number in numbers], kind=kind)


def test_each_active_customer_is_new_retained_or_resurrected_and_the_missing_have_churned(frames: Session):
    active = [*days("a", 4, 5, 7), *days("b", 4, 5), *days("c", 5), *days("d", 8)]
    assert growth(frames, *active) == [
        # is over, active, new, retained, resurrected, churned, cumulative, streams, activities, quick ratio
        ("streamer", "day", september(4), True, 2, 2, 0, 0, 0, 2, 2, 2, None),
        ("streamer", "day", september(5), True, 3, 1, 2, 0, 0, 3, 3, 3, None),
        ("streamer", "day", september(6), True, 0, 0, 0, 0, 3, 3, 0, 0, 0.0),
        ("streamer", "day", september(7), True, 1, 0, 0, 1, 0, 3, 1, 1, None),
        ("streamer", "day", september(8), False, 1, 1, 0, 0, 1, 4, 1, 1, 1.0),
    ]


def test_kinds_and_periods_are_counted_apart_and_viewers_have_no_streams(frames: Session):
    weeks = was_active("a", "week", september(4), september(18)) + was_active("b", "week", september(11))
    months = was_active("a", "month", september(1)) + was_active("b", "month", september(1))
    viewers = days("a", 20, kind="viewer") + was_active("a", "month", september(1), kind="viewer")
    assert growth(frames, *weeks, *months, *viewers, *days("a", 5, 6)) == [
        ("streamer", "day", september(5), True, 1, 1, 0, 0, 0, 1, 1, 1, None),
        ("streamer", "day", september(6), False, 1, 0, 1, 0, 0, 1, 1, 1, None),
        ("streamer", "month", september(1), False, 2, 2, 0, 0, 0, 2, 2, 2, None),
        ("streamer", "week", september(4), False, 1, 1, 0, 0, 0, 1, 1, 1, None),
        ("streamer", "week", september(11), False, 1, 1, 0, 0, 1, 2, 1, 1, 1.0),
        ("streamer", "week", september(18), False, 1, 0, 0, 1, 1, 2, 1, 1, 1.0),
        ("viewer", "day", september(20), False, 1, 1, 0, 0, 0, 1, None, 1, None),
        ("viewer", "month", september(1), False, 1, 1, 0, 0, 0, 1, None, 1, None),
    ]


@pytest.mark.parametrize(
    ("newest", "is_over"), [(september(10), False), (september(11), True), (september(12), True)], ids=str
)
def test_a_week_is_over_when_the_next_one_has_data(frames: Session, newest: date, is_over: bool):
    active = [*was_active("a", "week", september(4)), *was_active("a", "day", september(4), newest)]
    (week,) = [row for row in growth(frames, *active) if row[1] == "week"]
    assert week[3] is is_over


def test_nobody_active_is_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame_of(frames, ACTIVE, []))
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
