"""Product events: whose they are, in which session, and what a merge moves."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.feeding import build_all, content, exported, load, rows_of, written
from tests.unit.product.events import HOUR, at, record
from transforms.engine.stored import read_table
from transforms.product.product_events import TABLE

BUILT = ["+product_events"]


def shown(session: Session, *names: str) -> list[tuple[object, ...]]:
    return rows_of(read_table(session, TABLE), *names)


def test_an_event_has_the_keys_of_its_user_session_and_device(warehouse: Session):
    nothing = record(2, session_id=-1, device_id=None, amplitude_id=2, event_properties={"[Amplitude] Page Path": "/a"})
    load(warehouse, exported("events", HOUR, record(1, event_properties={"page": "home"}), nothing))
    build_all(warehouse, BUILT)
    names = ("event_id", "date_day", "page", "merged_amplitude_id")
    assert shown(warehouse, *names) == [(1, at(1).date(), "home", 1), (2, at(2).date(), "/a", 2)]
    ((_, *of_first), (_, *of_second)) = shown(warehouse, "event_id", "session_key", "device_key")
    assert all(of_first)
    assert of_second == [None, None]


def test_two_people_with_one_session_id_have_two_sessions_until_they_are_merged(warehouse: Session):
    load(warehouse, exported("events", HOUR, record(1), record(2, amplitude_id=2)))
    build_all(warehouse, BUILT)
    assert len({row for row in shown(warehouse, "session_key", "user_key")}) == 2
    load(warehouse, exported("merged_ids", HOUR, {"amplitude_id": 2, "merged_amplitude_id": 1}))
    results = build_all(warehouse, BUILT)
    assert written(results["product_events"]) == (0, 1, 0)
    assert len({row for row in shown(warehouse, "session_key", "user_key")}) == 1
    before = content(warehouse, "product_events")
    assert written(build_all(warehouse, BUILT, mode="full_refresh")["product_events"]) == (0, 0, 0)
    assert content(warehouse, "product_events") == before


def test_a_new_event_reads_no_other_of_its_user(warehouse: Session):
    load(warehouse, exported("events", HOUR, record(1)))
    build_all(warehouse, BUILT)
    load(warehouse, exported("events", HOUR, record(2)))
    assert written(build_all(warehouse, BUILT)["product_events"]) == (1, 0, 0)
