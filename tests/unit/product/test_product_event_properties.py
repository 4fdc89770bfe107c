"""Properties in long form."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.unit.product.events import at, built

ROW = {"event_key": "e", "event_type": "viewed", "happened_at": at(1)}
TOLD = {"page": "home", "load_ms": 5, "ratio": 0.5, "nothing": None, "is_live": True, "filter": {"language": "en"}}


def test_each_property_is_a_row_and_one_that_is_null_is_none(frames: Session):
    rows = [{**ROW, "event_properties": TOLD}, {**ROW, "event_key": "empty", "event_properties": {}}]
    names = ("event_key", "property", "value", "value_number")
    found = built(
        frames, "product_event_properties", *names, given={"product_properties": ()}, stg_amplitude_events=rows
    )
    assert found == [
        ("e", "filter", '{"language":"en"}', None),
        ("e", "is_live", "true", None),
        ("e", "load_ms", "5", 5.0),
        ("e", "page", "home", None),
        ("e", "ratio", "0.5", 0.5),
    ]


def test_only_the_properties_that_are_set_are_listed(frames: Session):
    rows = [{**ROW, "event_properties": TOLD}]
    given = {"product_properties": ("page", "unknown")}
    found = built(frames, "product_event_properties", "property", given=given, stg_amplitude_events=rows)
    assert found == [("page",)]
