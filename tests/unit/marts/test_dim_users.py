"""Users: everybody that any file names, with what the newest users file says."""

from __future__ import annotations

from datetime import date

from snowflake.snowpark import Session

from tests.feeding import T0, LandingFile, build_all, delivered, load, minutes, read_from_sheet, rows_of, written
from tests.unit.livelogs import GIFT
from transforms.engine.stored import read_table
from transforms.formulas.keys import hash_key
from transforms.marts.dim_users import TABLE

NAMES = [column.name for column in TABLE.columns if column.name != "user_key"]
SIGNUP = date(2023, 1, 5)
LATER = minutes(1440)


def user(user_id: str, country: str = "US", plan: str = "basic") -> dict[str, str]:
    return {"user_id": user_id, "country": country, "signup_date": "2023-01-05", "plan_type": plan}


def paid_by(user_id: str, at=T0) -> LandingFile:
    record = {"payment_id": f"P{user_id}", "user_id": user_id, "payment_date": "2023-01-05", "amount": "9.99"}
    return delivered("payments", at, record)


def test_whoever_a_file_names_is_a_member_and_a_row_without_user_has_one_too(warehouse: Session):
    subscription = {"subscription_id": "S5", "user_id": "U5", "start_date": "2023-03-01", "monthly_price": "13.99"}
    watched = {"user_id": "U6", "watch_date": "2023-03-01", "hours_watched": "1"}
    load(
        warehouse,
        delivered("users", T0, user("U1")),
        delivered("subscriptions", T0, subscription),
        delivered("viewing_activity", T0, watched),
        paid_by(""),
        paid_by("U1", LATER),
    )
    build_all(warehouse, ["+dim_users"])
    nothing = (False, None, None, None, None)
    assert rows_of(read_table(warehouse, TABLE), *NAMES) == [
        ("billing", "", *nothing, T0, T0),
        ("billing", "U1", True, "us", "basic", SIGNUP, T0, T0, LATER),
        ("billing", "U5", *nothing, T0, T0),
        ("billing", "U6", *nothing, T0, T0),
    ]
    keys = read_table(warehouse, TABLE).select("user_key", hash_key("platform", "user_id").alias("key_again"))
    assert all(row[0] == row[1] for row in keys.collect())


def test_a_user_that_appears_after_the_subscription_becomes_known(warehouse: Session):
    load(warehouse, paid_by("U1"))
    build_all(warehouse, ["+dim_users"])
    load(warehouse, delivered("users", LATER, user("U1")))
    assert written(build_all(warehouse, ["+dim_users"])["dim_users"]) == (0, 1, 0)
    assert rows_of(read_table(warehouse, TABLE), *NAMES) == [
        ("billing", "U1", True, "us", "basic", SIGNUP, LATER, T0, LATER)
    ]


def test_a_late_users_file_overwrites_nothing_newer(warehouse: Session):
    load(warehouse, delivered("users", LATER, user("U1", "DE", "premium")))
    build_all(warehouse, ["+dim_users"])
    load(warehouse, delivered("users", T0, user("U1")))
    build_all(warehouse, ["+dim_users"])
    found = rows_of(read_table(warehouse, TABLE), "country", "plan_type", "first_seen_at", "last_seen_at")
    assert found == [("de", "premium", T0, LATER)]


def test_a_member_whose_only_record_was_another_users_goes(warehouse: Session):
    payment = {"payment_id": "P1", "payment_date": "2023-01-05", "amount": "9.99"}
    load(warehouse, delivered("payments", T0, {**payment, "user_id": "U1"}, name="a"))
    build_all(warehouse, ["+dim_users"])
    load(warehouse, delivered("payments", T0, {**payment, "user_id": "U2"}, name="b"))
    assert written(build_all(warehouse, ["+dim_users"])["dim_users"]) == (1, 0, 1)
    assert rows_of(read_table(warehouse, TABLE), "user_id") == [("U2",)]


def test_who_gives_a_gift_is_an_unknown_member_of_another_platform(warehouse: Session):
    gifts = read_from_sheet("gifts", LATER, {**GIFT, "userID": "U1"}, {**GIFT, "id": "g2", "userID": ""})
    load(warehouse, delivered("users", T0, user("U1")), gifts)
    build_all(warehouse, ["+dim_users"])
    nothing = (False, None, None, None, None)
    assert rows_of(read_table(warehouse, TABLE), *NAMES) == [
        ("billing", "U1", True, "us", "basic", SIGNUP, T0, T0, T0),
        ("livelogs", "", *nothing, LATER, LATER),
        ("livelogs", "U1", *nothing, LATER, LATER),
    ]


def test_nobody_named_gives_an_empty_table(warehouse: Session):
    assert written(build_all(warehouse, ["dim_users"])["dim_users"]) == (0, 0, 0)
    assert rows_of(read_table(warehouse, TABLE)) == []
