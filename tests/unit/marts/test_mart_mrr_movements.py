"""Monthly recurring revenue: the balance of each month."""

from __future__ import annotations

from typing import Any

import pytest
from snowflake.snowpark import Session

from tests.feeding import frame_of, rows_of
from tests.unit.marts.billing import cents, month, of_user
from transforms.marts.fact_mrr_movements import TABLE as MOVEMENTS
from transforms.marts.mart_mrr_movements import TABLE, build

AMOUNTS = tuple(name for name in TABLE.column_names if name.endswith("_mrr"))
COUNTS = tuple(name for name in TABLE.column_names if name.endswith("_count"))
RATES = ("nrr", "grr", "arpu")


def move(entity: str, number: int, movement: str, opening: str, closing: str) -> dict[str, Any]:
    amounts = {"opening_mrr": cents(opening), "closing_mrr": cents(closing)}
    change = cents(closing) - cents(opening)
    row = {"grain": "customer", "entity_id": entity, "year_month": month(number), "movement": movement}
    return of_user(entity, **row, **amounts, mrr_change=change)


def balance(session: Session, current: int, *moves: dict[str, Any]) -> Any:
    return build(frame_of(session, MOVEMENTS, moves), current_month=month(current))


MOVES = (
    *(move("a", 1, "new", "0", "10.00"), move("b", 1, "new", "0", "5.00"), move("c", 1, "new", "0", "5.01")),
    *(move("a", 2, "expansion", "10.00", "12.50"), move("b", 2, "contraction", "5.00", "4.00")),
    *(move("c", 2, "churn", "5.01", "0"), move("d", 2, "new", "0", "0.02")),
    *(move("a", 3, "unchanged", "12.50", "12.50"), move("b", 3, "churn", "4.00", "0")),
    *(move("c", 3, "reactivation", "0", "7.00"), move("d", 3, "churn", "0.02", "0")),
    *(move("a", 4, "churn", "12.50", "0"), move("c", 4, "churn", "7.00", "0")),
)


def test_every_movement_has_its_column_and_the_months_balance(frames: Session):
    built = balance(frames, 5, *MOVES)
    customers = [row for row in rows_of(built, "grain", "year_month", *AMOUNTS) if row[0] == "customer"]
    assert customers == [
        ("customer", month(number), *map(cents, amounts))
        for number, *amounts in (
            (1, "0", "20.01", "0", "0", "0", "0", "20.01"),
            (2, "20.01", "0.02", "0", "2.50", "1.00", "5.01", "16.52"),
            (3, "16.52", "0", "7.00", "0", "0", "4.02", "19.50"),
            (4, "19.50", "0", "0", "0", "0", "19.50", "0"),
            (5, "0", "0", "0", "0", "0", "0", "0"),
        )
    ]
    for row in customers:
        opening, new, reactivation, expansion, contraction, churned, closing = row[2:]
        assert opening + new + reactivation + expansion - contraction - churned == closing


def test_entities_are_counted_by_what_became_of_them(frames: Session):
    assert COUNTS[0] == "opening_count"
    assert COUNTS[-1] == "active_count"
    counted = rows_of(balance(frames, 5, *MOVES), "grain", "year_month", *COUNTS)
    assert [row[1:] for row in counted if row[0] == "customer"] == [
        (month(1), 0, 3, 0, 0, 0, 0, 3),
        (month(2), 3, 1, 0, 1, 1, 1, 3),
        (month(3), 3, 0, 1, 0, 0, 2, 2),
        (month(4), 2, 0, 0, 0, 0, 2, 0),
        (month(5), 0, 0, 0, 0, 0, 0, 0),
    ]


def test_rates_are_of_the_opening_and_null_without_one(frames: Session):
    rated = rows_of(balance(frames, 5, *MOVES), "grain", "year_month", *RATES)
    assert [row[2:] for row in rated if row[0] == "customer"] == [
        (None, None, cents("6.67")),
        (pytest.approx(16.50 / 20.01), pytest.approx(14.00 / 20.01), cents("5.51")),
        (pytest.approx(12.50 / 16.52), pytest.approx(12.50 / 16.52), cents("9.75")),
        (0.0, 0.0, None),
        (None, None, None),
    ]


def test_both_grains_have_every_month_also_one_in_which_nothing_moved(frames: Session):
    found = rows_of(balance(frames, 3, move("a", 1, "new", "0", "10")), "grain", "year_month")
    assert found == [(grain, month(number)) for grain in ("customer", "subscription") for number in (1, 2, 3)]


def test_no_movements_give_an_empty_frame_of_the_contract(frames: Session):
    built = balance(frames, 3)
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
