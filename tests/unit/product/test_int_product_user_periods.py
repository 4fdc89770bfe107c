"""On how many days users were active."""

from __future__ import annotations

from datetime import date

from snowflake.snowpark import Session

from tests.unit.product.events import built


def day(number: int, event_type: str = "viewed") -> dict[str, object]:
    told = {"event_count": 1, "session_count": 1, "is_first_day": False}
    return {"user_key": "u1", "event_type": event_type, "date_day": date(2023, 9, number), **told}


def test_a_day_with_two_types_is_one_day_and_weeks_begin_on_monday(frames: Session):
    rows = [day(3), day(3, "searched"), day(4)]  # a Sunday and the Monday after it
    assert built(frames, "int_product_user_periods", int_product_user_days=rows) == [
        ("u1", "day", date(2023, 9, 3), 1),
        ("u1", "day", date(2023, 9, 4), 1),
        ("u1", "month", date(2023, 9, 1), 2),
        ("u1", "week", date(2023, 8, 28), 1),
        ("u1", "week", date(2023, 9, 4), 1),
    ]
