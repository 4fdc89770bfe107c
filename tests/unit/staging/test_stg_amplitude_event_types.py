"""The events list as it is staged."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.feeding import build_all, exported, load, rows_of
from tests.unit.product.events import HOUR
from transforms.engine.stored import read_table
from transforms.staging.stg_amplitude_event_types import TABLE


def test_a_list_is_dated_and_flags_of_csv_are_read(warehouse: Session):
    csv = {"id": "7", "value": "viewed", "display": "Viewed", "totals": "3", "deleted": "FALSE", "hidden": "TRUE"}
    old = {"id": 8, "name": "searched", "totals": 0}
    load(warehouse, exported("event_types", HOUR, csv, old, {"id": 9, "value": ""}))
    build_all(warehouse, ["stg_amplitude_event_types"])
    names = ("event_type", "snapshot_at", "event_type_id", "display_name", "weekly_count", "is_deleted", "is_hidden")
    assert rows_of(read_table(warehouse, TABLE), *names) == [
        ("searched", HOUR, 8, None, 0, None, None),
        ("viewed", HOUR, 7, "Viewed", 3, False, True),
    ]
