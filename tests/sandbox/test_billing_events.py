"""What the billing system's deliveries must hold within thirty days, each counted from the files alone."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from tests.sandbox.test_billing import FIRST, Delivery, changes, month, seconds, view

__all__ = ["month", "view"]


def delivered_at(day: int) -> float:
    return (FIRST + timedelta(days=day)).timestamp()


def spells(month: list[Delivery], entity: str) -> list[list[tuple[int, int]]]:
    """For each key the half-open runs of deliveries that show it."""
    seen: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for day, delivery in enumerate(month):
        for key in delivery[entity]:
            runs = seen.setdefault(key, [])
            if runs and runs[-1][1] == day:
                runs[-1] = (runs[-1][0], day + 1)
            else:
                runs.append((day, day + 1))
    return list(seen.values())


def test_plans_change(month: list[Delivery]):
    directions = Counter(
        (before["plan_type"], after["plan_type"]) for before, after in changes(month, "users", "plan_type")
    )
    assert sum(directions.values()) >= 5
    assert any(directions[step] for step in (("basic", "standard"), ("standard", "premium")))
    assert any(directions[step] for step in (("standard", "basic"), ("premium", "standard")))


def test_people_move(month: list[Delivery]):
    assert len(changes(month, "users", "country")) >= 3


def test_prices_change(month: list[Delivery]):
    moved = [
        float(after["monthly_price"]) - float(before["monthly_price"])
        for before, after in changes(month, "subscriptions", "monthly_price")
    ]
    assert sum(step > 0 for step in moved) >= 10
    assert any(step < 0 for step in moved)


def test_subscriptions_are_cancelled_and_some_cancellations_taken_back(month: list[Delivery]):
    ends = changes(month, "subscriptions", "end_date")
    assert sum(before["end_date"] == "" for before, after in ends) >= 15
    assert any(after["end_date"] == "" for before, after in ends)


def test_some_cancel_by_the_end_of_what_they_paid_for_and_some_at_once(month: list[Delivery]):
    days = [
        (seconds(f"{after['end_date']}T00:00:00Z") - seconds(after["updated_at"])) / 86_400
        for before, after in changes(month, "subscriptions", "end_date")
        if after["end_date"]
    ]
    assert any(ahead > 5 for ahead in days)
    assert any(ahead <= 0 for ahead in days)


def test_customers_who_left_come_back_with_a_new_subscription(month: list[Delivery]):
    old = {row["user_id"]: row for row in month[0]["subscriptions"].values() if row["end_date"]}
    new = [row for key, row in month[-1]["subscriptions"].items() if key not in month[0]["subscriptions"]]
    gaps = [
        (seconds(row["start_date"]) - seconds(old[row["user_id"]]["end_date"])) / 86_400
        for row in new
        if row["user_id"] in old
    ]
    assert sum(gap > 5 for gap in gaps) >= 3


def test_a_change_of_plan_may_be_a_new_subscription_the_next_day(month: list[Delivery]):
    ended = {(row["user_id"], row["end_date"]) for row in month[-1]["subscriptions"].values() if row["end_date"]}
    switched = [
        row
        for key, row in month[-1]["subscriptions"].items()
        if key not in month[0]["subscriptions"]
        and (row["user_id"], f"{FIRST.fromisoformat(row['start_date']) - timedelta(days=1):%Y-%m-%d}") in ended
    ]
    assert switched


def test_starts_are_corrected_with_and_without_a_new_updated_at(month: list[Delivery]):
    corrected = changes(month, "subscriptions", "start_date")
    assert all(after["start_date"] < before["start_date"] for before, after in corrected)
    assert {before["updated_at"] == after["updated_at"] for before, after in corrected} == {True, False}


def test_some_changes_are_entered_days_after_they_took_effect(month: list[Delivery]):
    late = [
        after
        for day, (earlier, later) in enumerate(pairwise(month))
        for key, after in later["subscriptions"].items()
        if after["updated_at"]
        and earlier["subscriptions"].get(key, after) != after
        and seconds(after["updated_at"]) < delivered_at(day)
    ]
    assert len(late) >= 3


def test_rows_vanish_and_come_back_with_and_without_a_new_updated_at(month: list[Delivery]):
    for entity in ("users", "subscriptions"):
        assert sum(len(runs) > 1 for runs in spells(month, entity)) >= 3
        assert sum(runs[-1][1] < len(month) - 7 for runs in spells(month, entity)) >= 1, "for good"
    stamped = set()
    for key in month[0]["users"]:
        absent = [day for day, delivery in enumerate(month) if key not in delivery["users"]]
        if absent and absent[-1] + 1 < len(month):
            before, after = month[absent[0] - 1]["users"][key], month[absent[-1] + 1]["users"][key]
            stamped.add(before["updated_at"] == after["updated_at"])
    assert stamped == {True, False}


def test_account_and_subscriptions_vanish_together(month: list[Delivery]):
    for delivery in month:
        users = {key[0] for key in delivery["users"]}
        gone = {key[0] for key in month[0]["users"]} - users
        assert not gone & {row["user_id"] for row in delivery["subscriptions"].values()}


def test_users_appear_after_their_subscription_or_never(month: list[Delivery]):
    first_users: dict[str, int] = {}
    first_subscriptions: dict[str, int] = {}
    for day, delivery in enumerate(month):
        for row in delivery["users"].values():
            first_users.setdefault(row["user_id"], day)
        for row in delivery["subscriptions"].values():
            first_subscriptions.setdefault(row["user_id"], day)
    late = [user for user, day in first_subscriptions.items() if first_users.get(user, 0) > day]
    assert late
    assert set(first_subscriptions) - set(first_users)


def test_subscriptions_are_open_ended_yearly_and_rarely_without_updated_at(month: list[Delivery]):
    rows = month[-1]["subscriptions"].values()
    assert sum(row["end_date"] == "" for row in rows) > 0.6 * len(rows)
    assert 0.08 < sum(row["billing_period"] == "yearly" for row in rows) / len(rows) < 0.2
    assert 1 <= sum(row["updated_at"] == "" for row in rows) < 0.01 * len(rows)


def test_countries_are_spelled_by_hand(month: list[Delivery]):
    spelled = [row["country"] for row in month[-1]["users"].values()]
    odd = [country for country in spelled if country != country.strip().upper()]
    assert any(country.islower() for country in odd)
    assert any(country.startswith(" ") for country in odd)
    assert len(odd) < 0.05 * len(spelled)


def test_payments_are_refunded_missing_late_corrected_and_without_a_user(month: list[Delivery]):
    payments = {key[0]: row for delivery in month for key, row in delivery["payments"].items()}
    refunds = {key: row for key, row in payments.items() if row["amount"].startswith("-")}
    assert 0.005 < len(refunds) / len(payments) < 0.03
    for key, row in refunds.items():
        paid = payments[f"P{key[1:]}"]
        assert 0 < -float(row["amount"]) <= float(paid["amount"]) + 1
        assert row["payment_date"] > paid["payment_date"]
    assert sum(row["user_id"] == "" for row in payments.values()) > 10
    months = Counter(int(key[8:]) for key in payments if key.startswith("P"))
    assert months[0] > months[1] > months[5] > 0
    assert len(changes(month, "payments", "amount")) >= 3
    late = [
        key
        for day, (earlier, later) in enumerate(pairwise(month))
        for key, row in later["payments"].items()
        if key not in earlier["payments"] and row["payment_date"] < f"{FIRST + timedelta(days=day):%Y-%m-%d}"
    ]
    assert late


def test_expected_payments_are_missing(month: list[Delivery]):
    """The numbers of a subscription's payments have holes where one was never collected."""
    numbers: dict[str, set[int]] = {}
    for key, row in month[0]["payments"].items():
        if key[0].startswith("P") and row["amount"] < "5":
            numbers.setdefault(key[0][1:8], set()).add(int(key[0][8:]))
    holes = [own for own in numbers.values() if len(own) > 2 and max(own) - min(own) + 1 > len(own) and max(own) < 12]
    assert holes


def test_viewing_is_corrected_and_late(month: list[Delivery]):
    corrected = changes(month, "viewing_activity", "hours_watched")
    assert len(corrected) > 50
    assert all(float(after["hours_watched"]) >= float(before["hours_watched"]) for before, after in corrected)
    late = [
        key
        for day, (earlier, later) in enumerate(pairwise(month))
        for key, row in later["viewing_activity"].items()
        if key not in earlier["viewing_activity"] and row["watch_date"] < f"{FIRST + timedelta(days=day):%Y-%m-%d}"
    ]
    assert len(late) > 20
