"""What users did on each day."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.unit.product.events import at, built, event


def test_types_and_days_are_counted_apart_and_a_late_event_moves_the_first_day(frames: Session):
    late = event(9, happened_at=at(9, day=2), session_key="s2")
    events = [event(1), event(2), event(3, event_type="searched", session_key=None), late]
    first, second = at(0).date(), at(0, day=2).date()
    assert built(frames, "int_product_user_days", product_events=events) == [
        ("u1", "searched", first, 1, 0, True),
        ("u1", "viewed", first, 2, 1, True),
        ("u1", "viewed", second, 1, 1, False),
    ]
