"""Payments and refunds, with the month."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from snowflake.snowpark import Session

from tests.feeding import build_all, delivered, frame_of, load, minutes, rows_of, written
from tests.unit.marts.billing import month, payment
from transforms.batches import stored
from transforms.marts.fact_payments import TABLE, build
from transforms.marts.int_payments import TABLE as PAYMENTS


def test_a_payment_has_its_month_and_a_negative_one_is_a_refund(frames: Session):
    rows = [payment("P1", "U1", "9.99", date(2023, 1, 31)), payment("P2", "", "-0.01", date(2023, 2, 1))]
    assert rows_of(build(frame_of(frames, PAYMENTS, rows))) == [
        ("P1", "billing", "kU1", "U1", date(2023, 1, 31), month(1), Decimal("9.99"), False),
        ("P2", "billing", "k", "", date(2023, 2, 1), month(2), Decimal("-0.01"), True),
    ]


def test_a_payment_corrected_to_another_user_is_there_once(warehouse: Session):
    record = {"payment_id": "P1", "user_id": "U1", "payment_date": "2023-01-31", "amount": "9.99"}
    load(warehouse, delivered("payments", minutes(0), record))
    build_all(warehouse, ["+fact_payments"])
    load(warehouse, delivered("payments", minutes(15), {**record, "user_id": "U2"}))
    assert written(build_all(warehouse, ["+fact_payments"])["fact_payments"]) == (0, 1, 0)
    assert rows_of(stored(warehouse, TABLE), "payment_id", "user_id") == [("P1", "U2")]
    assert written(build_all(warehouse, ["fact_payments"], mode="full_refresh")["fact_payments"]) == (0, 0, 0)
