"""Gifts as they were last read."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.feeding import build_all, frame_of, load, minutes, read_from_sheet, rows_of, written
from tests.unit.livelogs import GIFT, READ_AT, after, gift
from transforms.engine.stored import read_table
from transforms.marts.int_gifts import TABLE, build
from transforms.staging.stg_livelogs_gifts import TABLE as STAGED


def test_the_newest_read_of_a_gift_counts_as_a_whole(frames: Session):
    cancelled = gift("g1", is_cancelled=True, record_id=None, snapshot_at=READ_AT.replace(day=26))
    built = build(frame_of(frames, STAGED, [cancelled, gift("g1", points=99), gift("g2", user_id="", user_key="k")]))
    of_ann = ("livelogs", "kann", "ann")
    assert rows_of(built) == [
        ("g1", *of_ann, "kbob", "bob", after(10), "gift", "rose", 10, True, None, None, None, None),
        ("g2", *of_ann, "k", "", after(10), "gift", "rose", 10, False, None, "r1", None, None),
    ]


def test_no_gifts_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame_of(frames, STAGED, []))
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)


def test_a_gift_that_a_later_read_lacks_stays_and_a_late_read_changes_nothing(warehouse: Session):
    load(warehouse, read_from_sheet("gifts", minutes(15), GIFT, {**GIFT, "id": "g2"}))
    build_all(warehouse, ["+int_gifts"])
    load(
        warehouse,
        read_from_sheet("gifts", minutes(30), GIFT),
        read_from_sheet("gifts", minutes(0), {**GIFT, "point": 1}),
    )
    assert written(build_all(warehouse, ["+int_gifts"])["int_gifts"]) == (0, 0, 0)
    assert rows_of(read_table(warehouse, TABLE), "gift_transaction_id", "points") == [("g1", 10), ("g2", 10)]
