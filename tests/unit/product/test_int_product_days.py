"""What happened on each day."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.unit.product.events import at, built


def day(user: str, number: int, **changes: object) -> dict[str, object]:
    row = {"user_key": user, "event_type": "viewed", "date_day": at(0, number).date(), "event_count": 2}
    return {**row, "session_count": 1, "is_first_day": False, **changes}


def test_users_and_sessions_of_a_day_add_up(frames: Session):
    rows = [day("u1", 1, is_first_day=True), day("u2", 1), day("u1", 2), day("u1", 1, event_type="searched")]
    assert built(frames, "int_product_days", int_product_user_days=rows) == [
        ("searched", at(0, 1).date(), 2, 1, 0, 1),
        ("viewed", at(0, 1).date(), 4, 2, 1, 2),
        ("viewed", at(0, 2).date(), 2, 1, 0, 1),
    ]
