"""What billing's users were over time."""

from __future__ import annotations

from datetime import date, datetime

from snowflake.snowpark import Session

from tests.feeding import build_all, delivered, load, rows_of, written
from transforms.engine.stored import read_table
from transforms.history.users_history import TABLE

NAMES = [name for name in TABLE.column_names if name not in ("user_key", "version_key")]
D1, D2, D3 = (datetime(2023, 1, day) for day in (1, 2, 3))
SIGNUP = date(2022, 12, 31)


def user(user_id: str, plan: str, country: str = "US", signup: str = "2022-12-31") -> dict[str, str]:
    return {"user_id": user_id, "country": country, "signup_date": signup, "plan_type": plan}


def test_a_changed_plan_opens_a_version_and_who_is_missing_is_deleted(warehouse: Session):
    load(
        warehouse,
        delivered("users", D1, user("U1", "basic"), user("U2", "basic", "DE")),
        delivered("users", D2, user("U1", "premium"), user("U2", "BASIC ", "de", signup="2022-12-30")),
        delivered("users", D3, user("U1", "premium")),
    )
    build_all(warehouse, ["+users_history"])
    of_u2 = ("billing", "U2", "de", "basic", date(2022, 12, 30))
    assert rows_of(read_table(warehouse, TABLE), *NAMES) == [
        ("billing", "U1", "us", "basic", SIGNUP, D1, D2, False, False, D1),
        ("billing", "U1", "us", "premium", SIGNUP, D2, None, True, False, D3),
        (*of_u2, D1, D3, False, False, D2),
        (*of_u2, D3, None, True, True, D3),
    ]


def test_a_late_delivery_is_spliced_in_and_no_users_are_no_history(warehouse: Session):
    assert written(build_all(warehouse, ["+users_history"])["users_history"]) == (0, 0, 0)
    load(warehouse, delivered("users", D1, user("U1", "basic")), delivered("users", D3, user("U1", "basic")))
    build_all(warehouse, ["+users_history"])
    load(warehouse, delivered("users", D2, user("U1", "premium")))
    assert written(build_all(warehouse, ["+users_history"])["users_history"]) == (2, 1, 0)
    assert rows_of(read_table(warehouse, TABLE), "valid_from", "valid_to", "plan_type") == [
        *((D1, D2, "basic"), (D2, D3, "premium"), (D3, None, "basic"))
    ]
