"""Every day of a type is there."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.unit.product.events import at, built


def day(event_type: str, number: int) -> dict[str, object]:
    counts = {"event_count": 3, "user_count": 2, "first_time_user_count": 1, "session_count": 2}
    return {"event_type": event_type, "date_day": at(0, number).date(), **counts}


def test_days_without_an_event_are_zero_up_to_the_newest_day_of_any_type(frames: Session):
    rows = [day("viewed", 2), day("viewed", 4), day("searched", 3)]
    assert built(frames, "product_daily", int_product_days=rows) == [
        ("searched", at(0, 3).date(), 3, 2, 1, 2),
        ("searched", at(0, 4).date(), 0, 0, 0, 0),
        ("viewed", at(0, 2).date(), 3, 2, 1, 2),
        ("viewed", at(0, 3).date(), 0, 0, 0, 0),
        ("viewed", at(0, 4).date(), 3, 2, 1, 2),
    ]


def test_no_event_is_no_day(frames: Session):
    assert built(frames, "product_daily") == []
