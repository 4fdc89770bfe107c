"""Rows of billing for the tests of what is built from them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

DAY = datetime(2023, 1, 10)


def month(number: int, year: int = 2023) -> date:
    """The first day of the month."""
    return date(year, number, 1)


def cents(amount: str) -> Decimal:
    """An amount of money as tables hold it."""
    return Decimal(amount).quantize(Decimal("0.01"))


def of_user(user: str, **values: Any) -> dict[str, Any]:
    """A row of a user; the key is named after the id."""
    return {"platform": "billing", "user_id": user, "user_key": f"k{user}", **values}


def payment(payment_id: str, user: str, amount: str, day: date, **changes: Any) -> dict[str, Any]:
    """One payment in a fact or on the way to it."""
    row = {
        "payment_id": payment_id,
        "payment_date": day,
        "amount": Decimal(amount),
        "year_month": day.replace(day=1),
        "is_refund": Decimal(amount) < 0,
        "is_before_history": False,
    }
    return of_user(user, **(row | changes))


def version(key: str, since: datetime, until: datetime | None = None, **values: Any) -> dict[str, Any]:
    """One version in a history; its key names the thing and the day since which it holds."""
    row = {
        "valid_from": since,
        "valid_to": until,
        "is_current": until is None,
        "is_deleted": False,
        "version_key": f"{key}@{since:%m-%d}",
        "observed_at_last": since,
    }
    return row | values


def subscription(
    subscription_id: str, since: datetime, until: datetime | None, price: str, **changes: Any
) -> dict[str, Any]:
    """One version of an open-ended monthly subscription of U1 that began with the year."""
    row = {"subscription_id": subscription_id, "start_date": date(2023, 1, 1), "monthly_price": Decimal(price)}
    return of_user(changes.pop("user", "U1"), **version(subscription_id, since, until, **(row | changes)))


def subscription_month(subscription_id: str, year_month: date, mrr: str, user: str = "U1") -> dict[str, Any]:
    """One month of a subscription."""
    row = {"subscription_id": subscription_id, "year_month": year_month, "start_date": date(2023, 1, 1)}
    return of_user(user, **row, mrr=Decimal(mrr), monthly_price=Decimal(mrr), is_before_history=False)
