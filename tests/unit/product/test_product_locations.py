"""Locations: each once, what is not told as well."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.unit.product.events import at, built, event


def test_each_place_is_a_row_and_what_is_not_told_is_one(frames: Session):
    place = {"country": "Germany", "region": "Berlin", "city": "Berlin"}
    events = [event(2, **place), event(5, **place), event(1, location_key="none")]
    assert built(frames, "product_locations", product_events=events) == [
        ("l", "Germany", "Berlin", "Berlin", None, at(2), at(5)),
        ("none", None, None, None, None, at(1), at(1)),
    ]
