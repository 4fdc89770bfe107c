"""The key set of each event type."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.unit.product.events import built


def told(event_type: str, **properties: object) -> dict[str, object]:
    return {"event_type": event_type, "event_properties": properties}


def test_a_type_has_every_property_that_an_event_of_it_told_and_our_own_activities_have_none(frames: Session):
    rows = [told("viewed", page="home"), told("viewed", load_ms=None), told("opened"), told("gift_sent", points=1)]
    assert built(frames, "int_amplitude_properties", stg_amplitude_events=rows) == [
        ("opened", ""),
        ("viewed", ""),
        ("viewed", "load_ms"),
        ("viewed", "page"),
    ]
