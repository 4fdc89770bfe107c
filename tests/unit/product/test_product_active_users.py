"""DAU, WAU, MAU, and users by their number of days."""

from __future__ import annotations

from datetime import date

import pytest
from snowflake.snowpark import Session

from tests.unit.product.events import built

MONDAY = date(2023, 9, 4)


def active(user: str, days: int, period: str = "week") -> dict[str, object]:
    return {"user_key": user, "period": period, "period_start": MONDAY, "active_days": days}


def test_users_are_counted_by_exactly_and_at_least_so_many_days(frames: Session):
    rows = [active("u1", 1), active("u2", 3), active("u3", 3), active("u1", 1, "day")]
    names = ("active_days", "active_users", "exactly_users", "at_least_users", "period")
    found = built(frames, "product_active_users", *names, int_product_user_periods=rows)
    assert found == sorted(
        [
            (1, 1, 1, 1, "day"),
            (1, 3, 1, 3, "week"),
            (2, 3, 0, 2, "week"),
            (3, 3, 2, 2, "week"),
            *[(days, 3, 0, 0, "week") for days in range(4, 8)],
        ],
        key=str,
    )
    ((average, stickiness),) = set(
        built(frames, "product_active_users", "avg_daily_users", "stickiness", int_product_user_periods=rows[:3])
    )
    assert (average, stickiness) == (pytest.approx(1.0), pytest.approx(1 / 3))
