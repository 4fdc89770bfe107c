"""Kinds of gifts: one row per kind and read."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.feeding import build_all, load, read_from_sheet, rows_of
from tests.unit.livelogs import READ_AT
from transforms.engine.stored import read_table
from transforms.ops import QUARANTINE
from transforms.staging.stg_livelogs_gift_types import TABLE


def test_a_kind_has_a_name_and_points_and_needs_an_id(warehouse: Session):
    kinds = [{"giftID": "a", "name": "Rose", "point": 10}, {"giftID": 7, "name": "", "point": "1"}]
    load(warehouse, read_from_sheet("gift_types", READ_AT, *kinds, {"giftID": "", "name": "Nothing", "point": 1}))
    build_all(warehouse, [TABLE.name])
    assert rows_of(read_table(warehouse, TABLE), "gift_id", "snapshot_at", "gift_name", "list_points") == [
        ("7", READ_AT, None, 1),
        ("a", READ_AT, "Rose", 10),
    ]
    assert rows_of(read_table(warehouse, QUARANTINE), "rule") == [("gift_id_missing",)]
