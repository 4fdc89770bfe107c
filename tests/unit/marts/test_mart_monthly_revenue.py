"""Revenue by month of payment."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from snowflake.snowpark import Session

from tests.feeding import build_all, delivered, frame_of, load, minutes, rows_of, written
from tests.unit.marts.billing import month, payment
from transforms.engine.stored import read_table
from transforms.marts.fact_payments import TABLE as PAYMENTS
from transforms.marts.mart_monthly_revenue import TABLE, build


def test_refunds_lower_the_revenue_of_the_month_in_which_they_are_paid(frames: Session):
    rows = [
        payment("P1", "U1", "9.99", date(2023, 1, 31)),
        payment("P2", "", "0.01", date(2023, 1, 1)),
        payment("P3", "U1", "0.00", date(2023, 1, 2)),
        payment("P4", "U1", "-9.99", date(2023, 2, 1)),
    ]
    assert rows_of(build(frame_of(frames, PAYMENTS, rows))) == [
        (month(1), Decimal("10.00"), 2, Decimal("0.00"), 0),
        (month(2), Decimal("-9.99"), 0, Decimal("9.99"), 1),
    ]


def test_no_payments_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame_of(frames, PAYMENTS, []))
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)


def test_a_payment_corrected_to_another_month_leaves_the_first(warehouse: Session):
    record = {"payment_id": "P1", "user_id": "U1", "payment_date": "2023-01-31", "amount": "9.99"}
    load(warehouse, delivered("payments", minutes(0), record, {**record, "payment_id": "P2"}))
    build_all(warehouse, ["+mart_monthly_revenue"])
    load(warehouse, delivered("payments", minutes(15), {**record, "payment_date": "2023-02-01"}))
    assert written(build_all(warehouse, ["+mart_monthly_revenue"])["mart_monthly_revenue"]) == (1, 1, 0)
    found = rows_of(read_table(warehouse, TABLE), "year_month", "revenue")
    assert found == [(month(1), Decimal("9.99")), (month(2), Decimal("9.99"))]
