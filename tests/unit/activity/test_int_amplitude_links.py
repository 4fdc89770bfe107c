"""Which user a device is of."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.feeding import rows_of
from tests.unit.product.events import at, built, frame
from transforms.activity.int_amplitude_links import build, combine


def seen(device: str | None, user: str | None, minute: int) -> dict[str, object]:
    return {"device_id": device, "known_user_id": user, "happened_at": at(minute)}


def test_the_newest_user_of_a_device_counts_whatever_came_first(frames: Session):
    rows = [
        seen("d1", "bob", 9),
        seen("d1", "ann", 1),
        seen("d1", None, 10),
        seen(None, "ann", 2),
        seen("d2", "ann", 3),
    ]
    assert built(frames, "int_amplitude_links", stg_amplitude_events=rows) == [
        ("d1", "bob", at(9)),
        ("d2", "ann", at(3)),
    ]
    stored = frame(frames, "int_amplitude_links", {"device_id": "d1", "known_user_id": "bob", "linked_at": at(9)})
    late = build(frame(frames, "stg_amplitude_events", seen("d1", "ann", 5)))
    assert rows_of(combine(stored.select(*late.columns).union_all(late))) == [("d1", "bob", at(9))]
