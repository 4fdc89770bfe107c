"""Users: new with their first event, known from the first that names them."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.unit.product.events import at, built, event


def test_a_user_is_new_with_the_first_event_and_known_from_the_first_that_names_them(frames: Session):
    events = [
        event(4, known_user_id="ann", country="Germany", device_key="d2", app_platform="iOS"),
        event(1, country="France", app_platform="Web"),
        event(9, country=None, session_key=None),
        event(6, known_user_id="bob"),
        event(2, user_key="u2", amplitude_id=2, merged_amplitude_id=2),
    ]
    names = ("user_key", "first_seen_at", "last_seen_at", "identified_at", "known_user_id")
    assert built(frames, "product_users", *names, product_events=events) == [
        ("u1", at(1), at(9), at(4), "bob"),
        ("u2", at(2), at(2), None, None),
    ]
    names = ("user_key", "event_count", "session_count", "device_count", "first_country", "country", "app_platform")
    assert built(frames, "product_users", *names, product_events=events) == [
        ("u1", 4, 1, 2, "France", None, None),
        ("u2", 1, 1, 1, None, None, None),
    ]


def test_no_event_is_no_user(frames: Session):
    assert built(frames, "product_users") == []
