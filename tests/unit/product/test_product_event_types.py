"""Event types: what the newest list says, and when events of them happened."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.unit.product.events import at, built, event


def listed(name: str, minute: int, **told: object) -> dict[str, object]:
    return {"event_type": name, "snapshot_at": at(minute), "filled_fields": 1, **told}


def test_the_newest_list_describes_a_type_and_one_that_no_list_names_is_there(frames: Session):
    lists = [
        listed("viewed", 9, display_name="New", is_deleted=False),
        listed("viewed", 1, display_name="Old"),
        listed("never", 1, display_name="Never"),
    ]
    names = ("event_type", "display_name", "first_listed_at", "listed_at", "first_event_at", "last_event_at")
    events = [event(3), event(4), event(5, event_type="unlisted")]
    found = built(frames, "product_event_types", *names, stg_amplitude_event_types=lists, product_events=events)
    assert found == [
        ("never", "Never", at(1), at(1), None, None),
        ("unlisted", None, None, None, at(5), at(5)),
        ("viewed", "New", at(1), at(9), at(3), at(4)),
    ]
