"""When subscriptions began, went into another billing period, and were over."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from snowflake.snowpark import Session

from tests.feeding import rows_of
from tests.unit.activity.facts import frame, viewer
from transforms.activity.int_subscription_moments import TABLE, build

TODAY = date(2023, 4, 30)
SHOWN = ("subscription_id", "activity", "period_number", "happened_at", "is_deleted", "monthly_price")


def version(subscription_id: str, begin: date, end: date | None = None, **changes: Any) -> dict[str, Any]:
    row = {"subscription_id": subscription_id, **viewer("U1"), "start_date": begin, "end_date": end}
    times = {"valid_from": datetime(2023, 1, 1), "valid_to": None, "is_current": True, "is_deleted": False}
    return row | times | {"monthly_price": Decimal("10"), "billing_period": None} | changes


def moments(session: Session, *versions: dict[str, Any]) -> list[tuple[Any, ...]]:
    built = build(frame(session, "subscriptions_history_check", *versions), today=TODAY)
    return rows_of(built, "subscription_id", "happened_at", *SHOWN[1:3], *SHOWN[4:])


def on(month: int, day: int, year: int = 2023) -> datetime:
    return datetime(year, month, day)


def test_months_are_counted_from_the_first_day_and_end_after_the_last(frames: Session):
    price = Decimal("10")
    assert moments(frames, version("S", date(2023, 1, 31), date(2023, 3, 30))) == [
        ("S", on(1, 31), "subscription_started", 1, False, price),
        ("S", on(2, 28), "subscription_renewed", 2, False, price),
        ("S", on(3, 31), "subscription_cancelled", 0, False, price),
    ]
    assert [row[1:4] for row in moments(frames, version("S", date(2023, 2, 28)))] == [
        (on(2, 28), "subscription_started", 1),
        (on(3, 28), "subscription_renewed", 2),
        (on(4, 28), "subscription_renewed", 3),
    ]


def test_nothing_is_told_of_the_future_and_yearly_ones_renew_yearly(frames: Session):
    rows = [
        version("ends later", date(2023, 4, 30), date(2023, 5, 29)),
        version("starts later", date(2023, 5, 1)),
        version("yearly", date(2021, 4, 30), billing_period="yearly"),
        version("backwards", date(2023, 4, 2), date(2023, 4, 1)),
    ]
    assert [row[:4] for row in moments(frames, *rows)] == [
        ("ends later", on(4, 30), "subscription_started", 1),
        ("yearly", on(4, 30, 2021), "subscription_started", 1),
        ("yearly", on(4, 30, 2022), "subscription_renewed", 2),
        ("yearly", on(4, 30), "subscription_renewed", 3),
    ]


def test_the_price_is_that_of_the_moment_and_a_vanished_one_is_cancelled_when_it_was_missed(frames: Session):
    missed = datetime(2023, 3, 10, 12)
    rows = [
        version("S", date(2023, 1, 15), valid_to=datetime(2023, 2, 1), is_current=False),
        version("S", date(2023, 1, 15), valid_from=datetime(2023, 2, 1), valid_to=missed, is_current=False)
        | {"monthly_price": Decimal("12")},
        version("S", date(2023, 1, 15), valid_from=missed, is_deleted=True) | {"monthly_price": Decimal("12")},
    ]
    assert moments(frames, *rows) == [
        ("S", on(1, 15), "subscription_started", 1, False, Decimal("10")),
        ("S", on(2, 15), "subscription_renewed", 2, False, Decimal("12")),
        ("S", missed, "subscription_cancelled", 0, True, Decimal("12")),
    ]


def test_no_subscriptions_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame(frames, "subscriptions_history_check"), today=TODAY)
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)


def test_every_period_renews_by_its_own_length(frames: Session):
    begun = {"quarterly": date(2022, 10, 30), "half-yearly": date(2022, 10, 30), "weekly": date(2023, 4, 14)}
    rows = [version(period, day, billing_period=period) for period, day in begun.items()]
    assert [row[:4] for row in moments(frames, *rows)] == [
        ("half-yearly", on(10, 30, 2022), "subscription_started", 1),
        ("half-yearly", on(4, 30), "subscription_renewed", 2),
        ("quarterly", on(10, 30, 2022), "subscription_started", 1),
        ("quarterly", on(1, 30), "subscription_renewed", 2),
        ("quarterly", on(4, 30), "subscription_renewed", 3),
        ("weekly", on(4, 14), "subscription_started", 1),
        ("weekly", on(4, 21), "subscription_renewed", 2),
        ("weekly", on(4, 28), "subscription_renewed", 3),
    ]
