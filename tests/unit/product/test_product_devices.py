"""Devices: the newest event describes them."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.unit.product.events import at, built, event


def test_the_newest_event_describes_a_device_that_two_people_share(frames: Session):
    events = [
        event(3, device_family="new", user_key="u2"),
        event(1, device_family="old"),
        event(2, device_key=None, device_id=None),
    ]
    names = ("device_key", "device_id", "device_family", "user_key", "user_count", "first_event_at", "last_event_at")
    assert built(frames, "product_devices", *names, product_events=events) == [
        ("d1", "one", "new", "u2", 2, at(1), at(3))
    ]
