"""Monthly active users: who paid, and who watched."""

from __future__ import annotations

from typing import Any

from snowflake.snowpark import Session

from tests.feeding import frame_of, rows_of
from tests.unit.marts.billing import month, of_user
from transforms.marts.fact_user_monthly_metrics import TABLE as METRICS
from transforms.marts.mart_monthly_active_users import TABLE, build


def active(user: str, number: int, *, paying: bool = False, watching: bool = False) -> dict[str, Any]:
    return of_user(user, year_month=month(number), is_paying=paying, is_watching=watching)


def test_users_are_counted_once_per_definition_and_nobody_is_no_user(frames: Session):
    rows = [
        active("U1", 1, paying=True, watching=True),
        active("U2", 1, paying=True),
        active("", 1, paying=True, watching=True),
        active("U1", 2, watching=True),
        active("U2", 3),
    ]
    assert rows_of(build(frame_of(frames, METRICS, rows))) == [
        (month(1), "paying", 2),
        (month(1), "watching", 1),
        (month(2), "watching", 1),
    ]


def test_no_months_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame_of(frames, METRICS, []))
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
