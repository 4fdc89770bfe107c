"""Amplitude's events as they are staged: repeats, clocks that are ahead, ids that name nobody."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from snowflake.snowpark import Session

from tests.feeding import build_all, exported, load, rows_of
from tests.unit.product.events import HOUR, at, record
from transforms.engine.stored import read_table
from transforms.ops import QUARANTINE
from transforms.staging.stg_amplitude_events import TABLE

SAMPLE = Path(__file__).parents[4] / "shared/data/amplitude/export_event.json"


def staged(session: Session, *names: str) -> list[tuple[object, ...]]:
    return rows_of(read_table(session, TABLE), *names)


def test_a_repeat_is_told_by_insert_id_and_device_or_else_by_uuid_and_the_newest_upload_wins(warehouse: Session):
    late = f"{at(50):%Y-%m-%d %H:%M:%S.%f}"
    load(
        warehouse,
        exported(
            "events",
            HOUR,
            record(1, country="new", server_upload_time=late),
            record(1, country="old"),
            record(1, country="another device", device_id="d2"),
            record(2, country="no insert_id", **{"$insert_id": ""}),
            record(2, country="the same, by files", **{"$insert_id": None}, server_upload_time=late),
        ),
    )
    build_all(warehouse, ["stg_amplitude_events"])
    assert staged(warehouse, "country") == [("another device",), ("new",), ("the same, by files",)]


def test_an_older_upload_that_comes_later_changes_nothing(warehouse: Session):
    load(warehouse, exported("events", HOUR, record(1, country="new", server_upload_time="2023-09-01 05:00:00.000000")))
    build_all(warehouse, ["stg_amplitude_events"])
    load(warehouse, exported("events", HOUR, record(1, country="old")))
    build_all(warehouse, ["stg_amplitude_events"])
    assert staged(warehouse, "country") == [("new",)]


def test_an_event_of_the_future_is_flagged_and_counts_as_of_its_upload(warehouse: Session):
    ahead = record(1, event_time="2023-12-01T00:00:00.000Z")
    load(warehouse, exported("events", HOUR, ahead, record(2)))
    build_all(warehouse, ["stg_amplitude_events"])
    assert staged(warehouse, "event_at", "happened_at", "is_future") == [
        (at(2), at(2), False),
        (datetime(2023, 12, 1), at(2), True),
    ]


def test_an_event_without_a_time_of_upload_was_uploaded_in_the_hour_of_its_export(warehouse: Session):
    times = [at(30), datetime(2023, 8, 31), at(60), datetime(2024, 1, 1)]
    untold = [record(n, event_time=f"{moment}", server_upload_time=None) for n, moment in enumerate(times)]
    load(warehouse, exported("events", HOUR, *untold))
    build_all(warehouse, ["stg_amplitude_events"])
    assert staged(warehouse, "event_at", "uploaded_at", "happened_at", "is_future") == [
        (datetime(2023, 8, 31), HOUR, datetime(2023, 8, 31), False),
        (at(30), at(30), at(30), False),
        (at(60), HOUR, HOUR, True),
        (datetime(2024, 1, 1), HOUR, HOUR, True),
    ]


def test_placeholders_are_nobody_and_csv_is_read_like_json(warehouse: Session):
    old = {name: value for name, value in record(3).items() if name not in ("$insert_id", "event_id")}
    csv = {**old, "_insert_id": "", "id": "3", "amplitude_id": "1", "session_id": "-1", "user_id": "ann"}
    load(warehouse, exported("events", HOUR, record(1, user_id="Anonymous"), record(2, user_id="0"), csv))
    build_all(warehouse, ["stg_amplitude_events"])
    assert staged(warehouse, "event_id", "user_id", "known_user_id", "amplitude_id", "session_id") == [
        (1, "Anonymous", None, 1, 100),
        (2, "0", None, 1, 100),
        (3, "ann", "ann", 1, -1),
    ]


def test_what_cannot_be_told_apart_or_is_no_event_goes_to_the_quarantine(warehouse: Session):
    nameless = record(1, uuid=None, **{"$insert_id": ""})
    load(warehouse, exported("events", HOUR, nameless, record(2, event_type=""), record(3, amplitude_id="x")))
    build_all(warehouse, ["stg_amplitude_events"])
    assert rows_of(read_table(warehouse, QUARANTINE).select("rule")) == [
        ("amplitude_id_type",),
        ("event_is_not_named",),
        ("event_type_missing",),
    ]
    assert staged(warehouse, "event_key") == []


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the real event lies beside the project and is not part of it")
def test_the_real_event_of_the_export_is_staged(warehouse: Session):
    load(warehouse, exported("events", datetime(2026, 1, 2, 15), json.loads(SAMPLE.read_text(encoding="utf-8"))))
    build_all(warehouse, ["stg_amplitude_events"])
    names = (
        "event_type",
        "amplitude_id",
        "session_id",
        "event_at",
        "uploaded_at",
        "os_name",
        "os_version",
        "is_future",
    )
    assert staged(warehouse, *names) == [
        (
            *("session_end", 92934234282, 1766517916812),
            *(datetime(2025, 12, 23, 19, 25, 16, 820000), datetime(2026, 1, 2, 15, 15, 13, 377000)),
            *("Edge", "143", False),
        )
    ]
