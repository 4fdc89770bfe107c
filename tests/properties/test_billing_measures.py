"""Billing's marts on hundreds of subscriptions against a computation in plain Python that shares no code with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from snowflake.snowpark import Session

from tests.feeding import PARAMETERS, LandingFile, build_all, delivered, load
from tests.properties import billing_believed as believed
from tests.properties.conftest import emptied
from tests.properties.promises import EXAMPLES
from transforms.catalog import models
from transforms.engine.stored import read_table

CURRENT: date = PARAMETERS["current_month"]
USERS, SUBSCRIPTIONS, PAYMENTS = 60, 250, 300


def some_deliveries(seed: int) -> Iterator[LandingFile]:
    """Deliveries at irregular times in which most things stay as they are and some change, vanish and come back."""
    dice = Random(seed)
    first = datetime(2023, 5, 1)
    times = sorted({first + timedelta(days=dice.randrange(230), hours=dice.choice([0, 0, 5, 23])) for _ in range(9)})
    users = [f"U{number}" for number in range(USERS)]
    subscriptions = {f"S{number}": _subscription(dice, f"S{number}", users) for number in range(SUBSCRIPTIONS)}
    for at in times:
        for name in dice.sample(sorted(subscriptions), SUBSCRIPTIONS // 5):
            subscriptions[name] = _subscription(dice, name, users)
        listed = [row for row in subscriptions.values() if dice.random() < 0.85]
        yield delivered("subscriptions", at, *listed)
        yield delivered("users", at, *[_user(dice, user) for user in users[5:] if dice.random() < 0.9])
        yield delivered("payments", at, *[_payment(dice, users) for _ in range(PAYMENTS // 5)])
        yield delivered("viewing_activity", at, *[_viewing(dice, users) for _ in range(40)])


def _day(dice: Random) -> str:
    return str(date(2023, 1, 1) + timedelta(days=dice.randrange(364)))


def _subscription(dice: Random, name: str, users: list[str]) -> dict[str, str]:
    price = f"{dice.choice([0, 5, 9.99, 10, 119.88, 100, 0.06, 0.05]):.2f}"
    user = f"U{int(name[1:]) % USERS}" if dice.random() < 0.95 else dice.choice([*users, ""])
    ends = _day(dice) if dice.random() < 0.4 else ""
    period = dice.choice(["monthly", "monthly", "yearly", ""])
    row = {"subscription_id": name, "user_id": user, "start_date": _day(dice), "end_date": ends}
    return {**row, "monthly_price": price, "billing_period": period}


def _user(dice: Random, user: str) -> dict[str, str]:
    plan = dice.choice(["basic", "basic", "basic", "premium"])
    return {"user_id": user, "country": "US", "signup_date": "2023-01-01", "plan_type": plan}


def _payment(dice: Random, users: list[str]) -> dict[str, str]:
    amount = dice.choice(["9.99", "0.01", "-9.99", "0", "1234567.89"])
    name = f"P{dice.randrange(PAYMENTS)}"
    return {"payment_id": name, "user_id": dice.choice([*users, ""]), "payment_date": _day(dice), "amount": amount}


def _viewing(dice: Random, users: list[str]) -> dict[str, str]:
    return {"user_id": dice.choice(users), "watch_date": _day(dice), "hours_watched": dice.choice(["0", "0.1", "2.5"])}


def rows(session: Session, name: str) -> list[dict[str, Any]]:
    frame = read_table(session, models()[name].table)
    return [{key.lower(): value for key, value in row.as_dict().items()} for row in frame.collect()]


@pytest.mark.parametrize("seed", range(max(1, EXAMPLES // 3)))
def test_billing_is_what_plain_python_says(bit_by_bit: Session, seed: int):
    session = emptied(bit_by_bit)
    load(session, *some_deliveries(seed))
    build_all(session, ["tag:billing"])

    months = believed.subscription_months(rows(session, "subscriptions_history_check"), CURRENT)
    assert len({subscription for subscription, _ in months}) > SUBSCRIPTIONS // 2
    assert {
        (row["subscription_id"], row["year_month"]): (row["user_key"], row["subscription_version_key"], row["mrr"])
        for row in rows(session, "fact_subscription_months")
    } == months

    moved = {entity: believed.movements(of_it, CURRENT) for entity, of_it in believed.series_of(months).items()}
    assert {
        (row["grain"], row["entity_id"], row["year_month"]): (
            row["movement"],
            row["opening_mrr"],
            row["closing_mrr"],
        )
        for row in rows(session, "fact_mrr_movements")
    } == {(*entity, month): move for entity, of_it in moved.items() for month, move in of_it.items()}
    assert {movement for of_it in moved.values() for movement, _, _ in of_it.values()} == {
        *("new", "reactivation", "expansion", "contraction", "unchanged", "churn")
    }
    assert_balances(session, believed.balances(moved))
    assert_users(session, months)


def assert_balances(session: Session, expected: dict[tuple[str, date], dict[str, Any]]) -> None:
    found = sorted(rows(session, "mart_mrr_movements"), key=lambda row: (row["grain"], row["year_month"]))
    names = [name for name in found[0] if name.endswith(("_mrr", "_count")) and name != "opening_count"]
    for row, before in zip(found, [None, *found], strict=False):
        cell = expected[row["grain"], row["year_month"]]
        assert {name: row[name] for name in names} == {name: cell[name] for name in names}
        gained = row["new_mrr"] + row["reactivation_mrr"] + row["expansion_mrr"]
        assert row["closing_mrr"] == row["opening_mrr"] + gained - row["contraction_mrr"] - row["churned_mrr"]
        if before and before["grain"] == row["grain"]:
            assert believed.next_month(before["year_month"]) == row["year_month"]
            assert before["closing_mrr"] == row["opening_mrr"]
            assert before["active_count"] == row["opening_count"]
    assert len(found) == 2 * len({row["year_month"] for row in found})
    assert found[-1]["year_month"] == CURRENT


def assert_users(session: Session, months: dict[tuple[str, date], tuple[Any, ...]]) -> None:
    """Payments with their versions, user months, and the two monthly marts."""
    versions = believed.grouped(rows(session, "users_history"), "user_key")
    payments = believed.newest(rows(session, "stg_billing_payments"), "payment_id")
    held = {}
    for row in payments:
        of_user = versions.get(row["user_key"], [])
        version = believed.version_at(of_user, datetime.combine(row["payment_date"] + timedelta(days=1), time()))
        held[row["payment_id"]] = version["version_key"] if version else None
    assert {row["payment_id"]: row["user_version_key"] for row in rows(session, "fact_payments")} == held
    expected: dict[tuple[str, date], list[Any]] = {}
    for row in payments:
        cell = expected.setdefault((row["user_key"], row["payment_date"].replace(day=1)), [Decimal(0), 0, False, 0, 0])
        cell[0] += row["amount"]
        cell[2] |= row["amount"] > 0
    for row in believed.newest(rows(session, "stg_billing_viewing_activity"), "user_key", "watch_date"):
        cell = expected.setdefault((row["user_key"], row["watch_date"].replace(day=1)), [Decimal(0), 0, False, 0, 0])
        cell[1] += round(row["hours_watched"] * 10)
        cell[3] = 1
    for (_, month), (user, _, _) in months.items():
        expected.setdefault((user, month), [Decimal(0), 0, False, 0, 0])[4] += 1
    metrics = rows(session, "fact_user_monthly_metrics")
    assert {
        (row["user_key"], row["year_month"]): [
            row["revenue"],
            round(row["hours_watched"] * 10),
            row["is_paying"],
            int(row["is_watching"]),
            row["active_subscriptions"],
        ]
        for row in metrics
    } == expected
    nobody = next(row["user_key"] for row in rows(session, "dim_users") if row["user_id"] == "")
    assert_months(session, expected, nobody)


def assert_months(session: Session, cells: dict[tuple[str, date], list[Any]], nobody: str) -> None:
    paid = {row["year_month"] for row in rows(session, "fact_payments")}
    expected = {month: sum(cell[0] for (_, of_month), cell in cells.items() if of_month == month) for month in paid}
    assert {row["year_month"]: row["revenue"] for row in rows(session, "mart_monthly_revenue")} == expected
    active: dict[tuple[date, str], int] = {}
    for (user, month), cell in cells.items():
        for definition, is_active in (("paying", cell[2]), ("watching", cell[3])):
            if is_active and user != nobody:
                active[month, definition] = active.get((month, definition), 0) + 1
    counted = rows(session, "mart_monthly_active_users")
    assert {(row["year_month"], row["definition"]): row["user_count"] for row in counted} == active
