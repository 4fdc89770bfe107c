"""Rows of billing for the tests of what is built from them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

DAY = datetime(2023, 1, 10)


def month(number: int, year: int = 2023) -> date:
    """The first day of the month."""
    return date(year, number, 1)


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
