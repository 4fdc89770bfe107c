"""Payments and refunds, beside what the user was on the day."""

from __future__ import annotations

from datetime import date, datetime

from snowflake.snowpark import Session

from tests.feeding import build_all, delivered, frame_of, load, minutes, rows_of, written
from tests.unit.marts.billing import cents, month, of_user, payment, version
from transforms.engine.stored import read_table
from transforms.history.users_history import TABLE as USERS
from transforms.marts.fact_payments import TABLE, build
from transforms.marts.int_payments import TABLE as PAYMENTS

MARCH_2 = datetime(2023, 3, 2)


def test_a_payment_has_its_month_and_a_negative_one_is_a_refund(frames: Session):
    rows = [payment("P1", "U1", "9.99", date(2023, 1, 31)), payment("P2", "", "-0.01", date(2023, 2, 1))]
    versions = [of_user("U1", **version("U1", datetime(2023, 1, 1)))]
    assert rows_of(build(frame_of(frames, PAYMENTS, rows), frame_of(frames, USERS, versions))) == [
        ("P1", "billing", "kU1", "U1", "U1@01-01", False, date(2023, 1, 31), month(1), cents("9.99"), False),
        ("P2", "billing", "k", "", None, False, date(2023, 2, 1), month(2), cents("-0.01"), True),
    ]


def test_the_version_is_that_of_the_end_of_the_day_also_a_deleted_one(frames: Session):
    days = [date(2023, 2, 28), date(2023, 3, 1), date(2023, 3, 2), date(2023, 3, 3), date(2023, 4, 1)]
    rows = [payment(f"P{day:%m%d}", "U1", "1", day) for day in days]
    versions = [
        of_user("U1", **version("U1", datetime(2023, 3, 1, 12), MARCH_2)),
        of_user("U1", **version("U1", MARCH_2, datetime(2023, 3, 3, 23, 59))),
        of_user("U1", **version("U1", datetime(2023, 3, 3, 23, 59), is_deleted=True)),
        of_user("U2", **version("U2", datetime(2023, 1, 1))),
    ]
    built = build(frame_of(frames, PAYMENTS, rows), frame_of(frames, USERS, versions))
    assert rows_of(built, "payment_date", "user_version_key", "is_before_history") == [
        (date(2023, 2, 28), "U1@03-01", True),
        (date(2023, 3, 1), "U1@03-01", False),
        (date(2023, 3, 2), "U1@03-02", False),
        (date(2023, 3, 3), "U1@03-03", False),
        (date(2023, 4, 1), "U1@03-03", False),
    ]


def test_no_payments_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame_of(frames, PAYMENTS, []), frame_of(frames, USERS, []))
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)


def test_a_payment_corrected_to_another_user_is_there_once(warehouse: Session):
    record = {"payment_id": "P1", "user_id": "U1", "payment_date": "2023-01-31", "amount": "9.99"}
    load(warehouse, delivered("payments", minutes(0), record))
    build_all(warehouse, ["+fact_payments"])
    load(warehouse, delivered("payments", minutes(15), {**record, "user_id": "U2"}))
    assert written(build_all(warehouse, ["+fact_payments"])["fact_payments"]) == (0, 1, 0)
    assert rows_of(read_table(warehouse, TABLE), "payment_id", "user_id") == [("P1", "U2")]
    assert written(build_all(warehouse, ["fact_payments"], mode="full_refresh")["fact_payments"]) == (0, 0, 0)


def test_a_late_users_file_changes_the_version_of_stored_payments(warehouse: Session):
    payment = {"payment_id": "P1", "user_id": "U1", "payment_date": "2023-01-31", "amount": "9.99"}
    user = {"user_id": "U1", "country": "us", "signup_date": "2023-01-01", "plan_type": "basic"}
    load(
        warehouse,
        delivered("payments", minutes(0), payment),
        delivered("users", datetime(2023, 2, 1), {**user, "plan_type": "premium"}),
    )
    build_all(warehouse, ["+fact_payments"])
    assert rows_of(read_table(warehouse, TABLE), "is_before_history") == [(True,)]
    load(warehouse, delivered("users", datetime(2023, 1, 15), user))
    build_all(warehouse, ["+fact_payments"])
    joined = read_table(warehouse, TABLE).join(
        read_table(warehouse, USERS), on="user_key", how="inner", rsuffix="_of_user"
    )
    held = joined.filter(joined["user_version_key"] == joined["version_key"])
    assert rows_of(held, "is_before_history", "plan_type") == [(False, "basic")]
