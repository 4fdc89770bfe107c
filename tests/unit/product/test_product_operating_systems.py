"""Operating systems: each once, what is not told as well."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.feeding import rows_of
from tests.unit.product.events import at, built, event, frame
from transforms.product.product_operating_systems import build, combine


def test_each_version_is_a_row_and_what_is_not_told_is_one(frames: Session):
    events = [
        event(2, os_name="iOS", os_version="17"),
        event(5, os_name="iOS", os_version="17"),
        event(1, os_key="none"),
    ]
    assert built(frames, "product_operating_systems", product_events=events) == [
        ("none", None, None, at(1), at(1)),
        ("o", "iOS", "17", at(2), at(5)),
    ]


def test_what_arrives_widens_the_span_of_what_is_stored(frames: Session):
    stored = frame(
        frames, "product_operating_systems", {"os_key": "o", "first_event_at": at(2), "last_event_at": at(3)}
    )
    arrived = build(frame(frames, "product_events", event(1), event(9, os_key="p")))
    found = combine(stored.select(*arrived.columns).union_all(arrived))
    assert rows_of(found, "os_key", "first_event_at", "last_event_at") == [("o", at(1), at(3)), ("p", at(9), at(9))]
