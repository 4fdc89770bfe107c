"""Gifts: two in one second are two rows, and a giver who is not told stays one."""

from __future__ import annotations

from datetime import datetime

from snowflake.snowpark import Session

from tests.feeding import build_all, load, read_from_sheet, rows_of, written
from tests.unit.livelogs import GIFT, READ_AT
from transforms.engine.stored import read_table
from transforms.formulas.keys import hash_key
from transforms.ops import QUARANTINE
from transforms.staging.stg_livelogs_gifts import TABLE

NAMES = [column.name for column in TABLE.columns if column.name not in ("streamer_key", "user_key", "filled_fields")]
GIVEN_AT = datetime(2023, 9, 24, 12, 10, 0, 500_000)


def test_every_transaction_is_a_row_of_its_own(warehouse: Session):
    again, secret = {**GIFT, "id": 2, "isCanceled": True, "point": 10}, {**GIFT, "id": "g3", "userID": ""}
    load(warehouse, read_from_sheet("gifts", READ_AT, GIFT, again, secret))
    assert written(build_all(warehouse, [TABLE.name])[TABLE.name]) == (3, 0, 0)
    assert rows_of(read_table(warehouse, TABLE), *NAMES) == [
        (number, READ_AT, "livelogs", "ann", giver, GIVEN_AT, 1_695_557_400, "gift", "rose", 10, is_cancelled)
        + (None, "r1", 10, "t1")
        for number, giver, is_cancelled in (("2", "bob", True), ("g1", "bob", False), ("g3", "", False))
    ]
    keys = [("streamer_key", "streamer_id"), ("user_key", "user_id")]
    rows = read_table(warehouse, TABLE)
    for key, of in keys:
        assert all(row[0] == row[1] for row in rows.select(key, hash_key("platform", of).alias("again")).collect())


def test_a_gift_to_nobody_or_of_no_worth_is_refused(warehouse: Session):
    records = [{**GIFT, "receiverUserID": ""}, {**GIFT, "point": ""}, {**GIFT, "isCanceled": "perhaps"}]
    load(warehouse, read_from_sheet("gifts", READ_AT, *records))
    build_all(warehouse, [TABLE.name])
    assert rows_of(read_table(warehouse, TABLE)) == []
    assert [row[0] for row in rows_of(read_table(warehouse, QUARANTINE), "rule")] == [
        *("is_cancelled_type", "points_missing", "streamer_id_missing")
    ]
