"""Gifts with the name of their kind."""

from __future__ import annotations

from datetime import datetime

from snowflake.snowpark import Session

from tests.feeding import build_all, frame_of, load, minutes, read_from_sheet, rows_of, written
from tests.unit.livelogs import GIFT, READ_AT, gift
from transforms.engine.stored import read_table
from transforms.marts.int_gifts import TABLE as GIFTS
from transforms.marts.int_named_gifts import TABLE, build
from transforms.staging.stg_livelogs_gift_types import TABLE as KINDS


def kind(gift_id: str, name: str | None, at: datetime = READ_AT) -> dict[str, object]:
    return {"gift_id": gift_id, "gift_name": name, "snapshot_at": at, "list_points": 10}


def test_the_newest_name_of_a_kind_counts_and_no_gift_is_lost_or_doubled(frames: Session):
    given = [gift("g1"), gift("g2", gift_id="unlisted"), gift("g3", gift_id="")]
    kinds = [kind("rose", "Rose"), kind("rose", "Red Rose", READ_AT.replace(day=26)), kind("other", "Other")]
    built = build(frame_of(frames, GIFTS, given), frame_of(frames, KINDS, kinds))
    assert rows_of(built, "gift_transaction_id", "gift_id", "gift_name") == [
        ("g1", "rose", "Red Rose"),
        ("g2", "unlisted", None),
        ("g3", "", None),
    ]
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)


def test_a_kind_that_gets_a_name_names_the_gifts_of_before(warehouse: Session):
    load(warehouse, read_from_sheet("gifts", minutes(0), GIFT))
    build_all(warehouse, ["+int_named_gifts"])
    load(warehouse, read_from_sheet("gift_types", minutes(15), {"giftID": "rose", "name": "Rose", "point": 10}))
    assert written(build_all(warehouse, ["+int_named_gifts"])["int_named_gifts"]) == (0, 1, 0)
    assert rows_of(read_table(warehouse, TABLE), "gift_transaction_id", "gift_name") == [("g1", "Rose")]
