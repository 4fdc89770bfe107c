"""Sessions: their numbers are right also after a late upload."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.unit.product.events import at, built, event

NAMES = ("session_key", "session_number", "is_first_session", "started_at", "ended_at", "length_seconds", "event_count")


def test_a_late_session_is_numbered_at_its_place_and_minus_one_is_none(frames: Session):
    events = [
        event(10, session_key="second", session_id=10),
        event(12, session_key="second", session_id=10),
        event(1, session_key="first", session_id=1),
        event(5, session_key=None, session_id=-1),
        event(3, session_key="of another", session_id=1, user_key="u2"),
    ]
    assert built(frames, "product_sessions", *NAMES, product_events=events) == [
        ("first", 1, True, at(1), at(1), 0, 1),
        ("of another", 1, True, at(3), at(3), 0, 1),
        ("second", 2, False, at(10), at(12), 120, 2),
    ]


def test_entry_and_exit_are_the_first_and_the_last_page_that_is_told(frames: Session):
    events = [
        event(1),
        event(2, page="home"),
        event(3, page="shop"),
        event(4),
        event(5, session_key="s2", session_id=5),
    ]
    found = built(frames, "product_sessions", "session_key", "entry_page", "exit_page", product_events=events)
    assert found == [("s1", "home", "shop"), ("s2", None, None)]


def test_no_event_is_no_session(frames: Session):
    assert built(frames, "product_sessions") == []
