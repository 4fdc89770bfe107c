"""Payments as they were last delivered."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from snowflake.snowpark import Session

from tests.feeding import T0, build_all, delivered, frame_of, load, minutes, rows_of, written
from tests.unit.marts.billing import DAY, payment
from transforms.engine.stored import read_table
from transforms.marts.int_payments import TABLE, build
from transforms.staging.stg_billing_payments import TABLE as STAGED


def test_the_newest_delivery_of_a_payment_counts(frames: Session):
    jan, feb = date(2023, 1, 5), date(2023, 2, 5)
    rows = [
        payment("P1", "U1", "9.99", jan, snapshot_at=DAY),
        payment("P1", "U2", "8.99", feb, snapshot_at=DAY.replace(day=11)),
        payment("P2", "", "-1.00", jan, snapshot_at=DAY),
    ]
    assert rows_of(build(frame_of(frames, STAGED, rows))) == [
        ("P1", "billing", "kU2", "U2", feb, Decimal("8.99")),
        ("P2", "billing", "k", "", jan, Decimal("-1.00")),
    ]


def test_no_payments_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame_of(frames, STAGED, []))
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)


def test_a_late_delivery_changes_nothing_that_a_newer_one_said(warehouse: Session):
    record = {"payment_id": "P1", "user_id": "U1", "payment_date": "2023-01-05", "amount": "9.99"}
    load(warehouse, delivered("payments", minutes(15), {**record, "amount": "8.99"}))
    build_all(warehouse, ["+int_payments"])
    load(warehouse, delivered("payments", T0, record))
    assert written(build_all(warehouse, ["+int_payments"])["int_payments"]) == (0, 0, 0)
    assert rows_of(read_table(warehouse, TABLE), "amount") == [(Decimal("8.99"),)]
