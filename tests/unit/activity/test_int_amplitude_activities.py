"""Amplitude's events as activities: one key set per type, also when a property is new, and who did it."""

from __future__ import annotations

import json

from snowflake.snowpark import Session

from tests.feeding import build_all, exported, load, rows_of, written
from tests.unit.product.events import HOUR, record
from transforms.activity.viewer_activity import TABLE as STREAM
from transforms.engine.stored import read_table

BUILT = ["+int_amplitude_activities", "int_amplitude_links", "int_identities", "int_viewer_events", "viewer_activity"]


def deeds(session: Session, *names: str) -> list[tuple[object, ...]]:
    return rows_of(read_table(session, STREAM).select("activity", *names))


def features(session: Session) -> list[tuple[str, dict[str, object]]]:
    return [(activity, json.loads(told)) for activity, told in deeds(session, "feature_json")]


def test_a_new_property_is_null_in_the_older_events_of_its_type_and_in_no_other(warehouse: Session):
    load(
        warehouse,
        exported("events", HOUR, record(1, event_properties={"page": 'a "b"'}), record(2, event_type="opened")),
    )
    build_all(warehouse, BUILT)
    assert features(warehouse) == [("opened", {}), ("viewed", {"page": 'a "b"'})]
    load(warehouse, exported("events", HOUR, record(3, event_properties={"page": "c", "ms": 1.5})))
    assert written(build_all(warehouse, BUILT)["int_amplitude_activities"]) == (1, 1, 0)
    assert sorted(features(warehouse), key=str) == [
        ("opened", {}),
        ("viewed", {"ms": 1.5, "page": "c"}),
        ("viewed", {"ms": None, "page": 'a "b"'}),
    ]
    load(warehouse, exported("events", HOUR, record(4, event_properties={"page": "d"})))
    assert written(build_all(warehouse, BUILT)["int_amplitude_activities"]) == (1, 0, 0)


def test_an_anonymous_event_is_its_devices_until_the_device_names_a_user(warehouse: Session):
    load(warehouse, exported("events", HOUR, record(1), record(2, device_id="d2")))
    build_all(warehouse, BUILT)
    names = ("customer", "anonymous_customer_id", "activity_occurrence")
    assert deeds(warehouse, *names) == [
        ("viewed", None, "amplitude_device:d1", 1),
        ("viewed", None, "amplitude_device:d2", 1),
    ]
    load(warehouse, exported("events", HOUR, record(9, user_id="ann")))
    build_all(warehouse, BUILT)
    assert deeds(warehouse, *names) == [
        ("viewed", "amplitude:ann", "amplitude_device:d1", 1),
        ("viewed", "amplitude:ann", None, 2),
        ("viewed", None, "amplitude_device:d2", 1),
    ]


def test_what_was_published_is_no_activity_a_second_time(warehouse: Session):
    load(warehouse, exported("events", HOUR, record(1, event_type="gift_sent", user_id="ann")))
    build_all(warehouse, BUILT)
    assert deeds(warehouse) == []
