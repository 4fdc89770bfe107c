"""Versions of observations, whole frames: each item is a case of its own, so that one statement answers many.

Times are days of September 2023; `valid_from` and `valid_to` are shown as days too.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col
from snowflake.snowpark.types import StructField, StructType

from transforms.columns import snapshot_at
from transforms.contract import INTEGER, LINEAGE, TEXT, TIMESTAMP, VERSION_COLUMNS, Column, Layer, Table
from transforms.scd2.presence import PRESENT_AT, presence_intervals
from transforms.scd2.versions import build_versions, count_broken_invariants, select_as_of
from transforms.write_kinds import HardDeletes, History, Strategy

COLUMNS = (
    Column("shop", TEXT, "first part of the key", nullable=False),
    Column("item", TEXT, "second part of the key", nullable=False),
    Column("plan", TEXT, "tracked"),
    Column("seats", INTEGER, "tracked"),
    Column("note", TEXT, "carried"),
    Column("changed_at", TIMESTAMP, "the record's own time of change"),
)
CHECK = History(Strategy.CHECK, tracked=("plan", "seats"))
TIMESTAMPED = replace(CHECK, strategy=Strategy.TIMESTAMP, effective_at="changed_at")
STAGED = (*COLUMNS, snapshot_at, *LINEAGE)


def history(write: History = CHECK, **changes: Any) -> Table:
    return Table(
        name="items_history",
        layer=Layer.HISTORY,
        grain="one version of one item",
        key=("shop", "item", "valid_from"),
        columns=(*COLUMNS, *VERSION_COLUMNS),
        write=replace(write, **changes),
        recompute_by=("shop", "item"),
    )


def day(number: float | None) -> datetime | None:
    return None if number is None else datetime(2023, 9, int(number), round(24 * (number % 1)))


def number_of(time: datetime | None) -> float | None:
    return None if time is None else time.day + time.hour / 24


def seen(item: str, at: float, plan: str | None, changed_at: float | None = None, **fields: Any) -> dict[str, Any]:
    """One staged row of an item."""
    record = {"shop": "s", "item": item, "plan": plan, "seats": 1, "note": None, "changed_at": day(changed_at)}
    lineage = {"snapshot_at": day(at), "_source_file": "f", "_source_row": 1, "_load_id": "l"}
    return {**record, **lineage, **fields}


def versions(
    session: Session, table: Table, rows: list[dict[str, Any]], snapshots: tuple[int, ...] | None = None
) -> DataFrame:
    schema = StructType([StructField(column.name, column.type.as_snowpark()) for column in STAGED])
    staged = session.create_dataframe([tuple(row[c.name] for c in STAGED) for row in rows], schema=schema)
    observed = table.observe(staged)
    if snapshots is None:
        return build_versions(table, observed)
    present = observed.select("*", col("_observed_at").alias(PRESENT_AT))
    times = session.create_dataframe([(day(number),) for number in snapshots], schema=["snapshot_at"])
    return build_versions(table, observed, presence_intervals(table, present, times))


def shown(frame: DataFrame) -> list[tuple[Any, ...]]:
    """(item, plan, from, to, current, deleted, last observation) of every version, sorted by item and time."""
    rows = frame.select(
        *("item", "plan", "valid_from", "valid_to", "is_current", "is_deleted", "observed_at_last")
    ).collect()
    shown_rows = [(*row[:2], number_of(row[2]), number_of(row[3]), *row[4:6], number_of(row[6])) for row in rows]
    return sorted(shown_rows, key=lambda row: (row[0], row[2]))


def test_check_opens_a_version_where_a_tracked_value_differs(frames: Session):
    rows = [
        *[seen("chain", at, plan) for at, plan in ((3, "c"), (1, "a"), (2, "b"))],
        *[seen("unchanged", at, "a") for at in (1, 2, 5)],
        *[seen("back", at, plan) for at, plan in ((1, "a"), (2, "b"), (3, "a"))],
        *[seen("null to value", at, plan) for at, plan in ((1, None), (2, None), (3, "a"))],
        *[seen("value to null", at, plan) for at, plan in ((1, "a"), (2, None))],
        *[seen("null to empty", at, plan) for at, plan in ((1, None), (2, ""))],
        seen("equal times", 1, "loses", _source_row=1),
        seen("equal times", 1, "wins", _source_row=2),
        seen("equal times", 1, "loses too", _source_file="e", _source_row=9),
        seen("other column", 1, "a", seats=1),
        seen("other column", 2, "a", seats=None),
    ]
    assert shown(versions(frames, history(), rows)) == [
        ("back", "a", 1, 2, False, False, 1),
        ("back", "b", 2, 3, False, False, 2),
        ("back", "a", 3, None, True, False, 3),
        ("chain", "a", 1, 2, False, False, 1),
        ("chain", "b", 2, 3, False, False, 2),
        ("chain", "c", 3, None, True, False, 3),
        ("equal times", "wins", 1, None, True, False, 1),
        ("null to empty", None, 1, 2, False, False, 1),
        ("null to empty", "", 2, None, True, False, 2),
        ("null to value", None, 1, 3, False, False, 2),
        ("null to value", "a", 3, None, True, False, 3),
        ("other column", "a", 1, 2, False, False, 1),
        ("other column", "a", 2, None, True, False, 2),
        ("unchanged", "a", 1, None, True, False, 5),
        ("value to null", "a", 1, 2, False, False, 1),
        ("value to null", None, 2, None, True, False, 2),
    ]


def test_timestamp_opens_a_version_at_the_records_own_time(frames: Session):
    rows = [
        *[seen("in order", at, plan, told) for at, plan, told in ((2, "a", 1), (3, "a", 1), (5, "b", 4))],
        *[seen("late", at, plan, told) for at, plan, told in ((2, "a", 1), (5, "c", 4), (6, "b", 3))],
        *[seen("before the first", at, plan, told) for at, plan, told in ((2, "b", 2), (3, "a", 1))],
        *[seen("newer time, equal values", at, "a", told) for at, told in ((2, 1), (4, 3))],
        *[seen("same time, other values", at, plan, 1) for at, plan in ((2, "a"), (3, "b"))],
        *[seen("no time", at, plan, told) for at, plan, told in ((1, "lost", None), (2, "a", 1), (3, "lost", None))],
        seen("in the future", 2, "a", 9),
        seen("never a time", 2, "a", None),
    ]
    assert shown(versions(frames, history(TIMESTAMPED), rows)) == [
        ("before the first", "a", 1, 2, False, False, 3),
        ("before the first", "b", 2, None, True, False, 2),
        ("in order", "a", 1, 4, False, False, 3),
        ("in order", "b", 4, None, True, False, 5),
        ("in the future", "a", 9, None, True, False, 2),
        ("late", "a", 1, 3, False, False, 2),
        ("late", "b", 3, 4, False, False, 6),
        ("late", "c", 4, None, True, False, 5),
        ("newer time, equal values", "a", 1, None, True, False, 4),
        ("no time", "a", 1, None, True, False, 2),
        ("same time, other values", "b", 1, None, True, False, 3),
    ]


GONE_AND_BACK = [
    *[seen("gone", at, "a") for at in (1, 2)],
    *[seen("gone and back", at, plan) for at, plan in ((1, "a"), (2, "a"), (5, "b"))],
    *[seen("once gone", at, "a") for at in (1, 3, 5)],
    seen("new", 5, "a"),
    seen("seen between snapshots", 2.5, "a"),
]
CLOSED = [
    ("gone", "a", 1, 3, False, False, 2),
    ("gone and back", "a", 1, 3, False, False, 2),
    ("gone and back", "b", 5, None, True, False, 5),
    ("new", "a", 5, None, True, False, 5),
    ("seen between snapshots", "a", 2.5, 3, False, False, 2.5),
    ("once gone", "a", 1, 2, False, False, 1),
    ("once gone", "a", 3, None, True, False, 5),  # 4 is no snapshot: who is listed at 3 and 5 was always there
]
RECORDED = [
    ("gone", "a", 3, None, True, True, 3),
    ("gone and back", "a", 3, 5, False, True, 3),
    ("seen between snapshots", "a", 3, None, True, True, 3),
    ("once gone", "a", 2, 3, False, True, 2),
]


@pytest.mark.parametrize(
    ("mode", "expected"), [(HardDeletes.INVALIDATE, CLOSED), (HardDeletes.NEW_RECORD, [*CLOSED, *RECORDED])]
)
def test_absence_closes_a_version_or_opens_a_deleted_one(
    frames: Session, mode: HardDeletes, expected: list[tuple[Any, ...]]
):
    found = shown(versions(frames, history(hard_deletes=mode), GONE_AND_BACK, (1, 2, 3, 5)))
    assert found == sorted(expected, key=lambda row: (row[0], row[2]))


def test_ignored_absence_says_nothing(frames: Session):
    assert shown(versions(frames, history(), GONE_AND_BACK)) == [
        ("gone", "a", 1, None, True, False, 2),
        ("gone and back", "a", 1, 5, False, False, 2),
        ("gone and back", "b", 5, None, True, False, 5),
        ("new", "a", 5, None, True, False, 5),
        ("once gone", "a", 1, None, True, False, 5),
        ("seen between snapshots", "a", 2.5, None, True, False, 2.5),
    ]


def test_a_revived_key_begins_at_its_own_time_within_the_gap_else_when_it_was_seen(frames: Session):
    rows = [
        *[seen("same time", at, "a", 1) for at in (1, 5, 6)],
        *[seen("time in the gap", at, plan, told) for at, plan, told in ((1, "a", 1), (5, "b", 4))],
        *[seen("time before the gap", at, plan, told) for at, plan, told in ((1, "a", 1), (5, "b", 2))],
        *[seen("time of the deletion", at, plan, told) for at, plan, told in ((1, "a", 1), (5, "b", 3))],
        *[seen("time to come", at, plan, told) for at, plan, told in ((1, "a", 1), (5, "b", 7))],
        *[seen("no time", at, "a", told) for at, told in ((1, 1), (5, None))],
    ]
    table = history(TIMESTAMPED, hard_deletes=HardDeletes.NEW_RECORD)
    others = [seen("always", at, "a", 1) for at in (1, 3, 5, 6)]
    rows += [{**row, "snapshot_at": day(6)} for row in rows if row["snapshot_at"] == day(5)]
    found = shown(versions(frames, table, rows + others, (1, 3, 5, 6)))
    assert found == [
        ("always", "a", 1, None, True, False, 6),
        ("no time", "a", 1, 3, False, False, 1),
        ("no time", "a", 3, 5, False, True, 3),
        ("no time", "a", 5, None, True, False, 5),
        ("same time", "a", 1, 3, False, False, 6),
        ("same time", "a", 3, 5, False, True, 3),
        ("same time", "a", 5, None, True, False, 6),
        ("time before the gap", "a", 1, 2, False, False, 1),
        ("time before the gap", "b", 2, 3, False, False, 6),
        ("time before the gap", "b", 3, 5, False, True, 3),
        ("time before the gap", "b", 5, None, True, False, 6),
        ("time in the gap", "a", 1, 3, False, False, 1),
        ("time in the gap", "a", 3, 4, False, True, 3),
        ("time in the gap", "b", 4, None, True, False, 6),
        ("time of the deletion", "a", 1, 3, False, False, 1),
        ("time of the deletion", "b", 3, 5, False, True, 3),
        ("time of the deletion", "b", 5, None, True, False, 6),
        ("time to come", "a", 1, 3, False, False, 1),
        ("time to come", "a", 3, 7, False, True, 3),
        ("time to come", "b", 7, None, True, False, 6),
    ]


def test_columns_that_are_not_tracked_come_from_the_newest_observation_of_the_version(frames: Session):
    rows = [seen("i", at, plan, at, note=note) for at, plan, note in ((1, "a", "x"), (2, "a", "y"), (3, "b", "z"))]
    for write in (CHECK, TIMESTAMPED):
        kept = versions(frames, history(write), rows).select("plan", "note", "changed_at").sort("changed_at")
        assert [tuple(row) for row in kept.collect()] == [("a", "y", day(2)), ("b", "z", day(3))]
    every = versions(frames, history(tracked=()), rows).select("plan", "note").sort("note")
    assert [tuple(row) for row in every.collect()] == [("a", "x"), ("a", "y"), ("b", "z")]


def test_of_rows_of_one_observation_the_declared_order_chooses(frames: Session):
    rows = [
        seen("i", 1, "loses", seats=1, _source_row=9),
        seen("i", 1, "wins", seats=2),
        seen("i", 1, None, seats=None),
    ]
    table = history(newest_by=("seats",))
    assert shown(versions(frames, table, rows)) == [("i", "wins", 1, None, True, False, 1)]


def test_parts_of_a_key_are_kept_apart(frames: Session):
    rows = [seen("b", 1, "1", shop="a"), seen("ab", 1, "2", shop=""), seen("", 1, "3", shop="ab")]
    found = versions(frames, history(), rows)
    assert sorted(tuple(row) for row in found.select("shop", "item", "plan").collect()) == [
        *(("", "ab", "2"), ("a", "b", "1"), ("ab", "", "3")),
    ]
    assert len({row[0] for row in found.select("version_key").collect()}) == 3


def test_no_observations_give_an_empty_typed_frame(frames: Session):
    table = history(TIMESTAMPED, hard_deletes=HardDeletes.NEW_RECORD)
    nothing = versions(frames, table, [seen("i", 1, "a", None)], (1,))
    assert nothing.collect() == []
    assert [field.name.lower() for field in nothing.schema.fields] == list(table.column_names)


def test_as_of_gives_the_one_version_that_existed_also_at_the_boundaries(frames: Session):
    table = history(hard_deletes=HardDeletes.NEW_RECORD)
    rows = [*[seen("i", at, plan) for at, plan in ((2, "a"), (3, "b"), (6, "b"))], seen("j", 4, "c"), seen("j", 5, "c")]
    built = versions(frames, table, rows, (2, 3, 4, 6))
    found = {at: [row[:2] for row in shown(select_as_of(built, day(at)))] for at in (1, 2, 2.5, 3, 4, 5, 6)}
    assert found == {
        1: [],
        2: [("i", "a")],
        2.5: [("i", "a")],
        3: [("i", "b")],
        4: [("j", "c")],
        5: [("j", "c")],
        6: [("i", "b")],
    }


SOUND = [("a", 1, 2, False, False), ("b", 2, None, True, False)]


@pytest.mark.parametrize(
    ("rule", "rows"),
    [
        (None, SOUND),
        ("empty_interval", [("a", 1, 1, False, False), ("b", 2, None, True, False)]),
        ("empty_interval", [("a", 3, 2, False, False), ("b", 4, None, True, False)]),
        ("overlap", [("a", 1, 3, False, False), ("b", 2, None, True, False)]),
        ("overlap", [("a", 1, None, True, False), ("b", 2, None, True, False)]),
        ("gap", [("a", 1, 2, False, False), ("b", 3, None, True, False)]),
        ("equal_neighbours", [("a", 1, 2, False, False), ("a", 2, None, True, False)]),
        ("not_current_where_open", [("a", 1, 2, False, False), ("b", 2, None, False, False)]),
        ("not_current_where_open", [("a", 1, 2, True, False), ("b", 2, None, True, False)]),
        ("current_not_last", [("a", 1, 2, True, False), ("b", 2, None, True, False)]),
        ("no_current", [("a", 1, 2, False, False)]),
        ("wrong_version_key", SOUND),
    ],
)
def test_every_invariant_can_be_broken(frames: Session, rule: str | None, rows: list[tuple[Any, ...]]):
    table = history(hard_deletes=HardDeletes.NEW_RECORD)
    schema = StructType([StructField(column.name, column.type.as_snowpark()) for column in table.columns])
    begun = versions(frames, table, _unequal(rows)).select("valid_from", "version_key")
    keys = {row[0]: row[1] for row in begun.collect()}
    values = [
        ("s", "i", plan, 1, None, None, day(begin), day(end), current, deleted, keys[day(begin)], day(begin))
        for plan, begin, end, current, deleted in rows
    ]
    if rule == "wrong_version_key":
        values[0] = (*values[0][:10], "other", values[0][11])
    (found,) = count_broken_invariants(table, frames.create_dataframe(values, schema=schema)).collect()
    broken = {name.lower() for name, count in found.as_dict().items() if count}
    assert broken >= ({rule} if rule else set())
    assert bool(broken) == bool(rule)


def _unequal(rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Observations that begin a version at each of the rows' begins, for their keys."""
    return [seen("i", begin, str(number)) for number, (_, begin, *_) in enumerate(rows)]


def test_only_deletion_may_leave_a_gap(frames: Session):
    table = history(hard_deletes=HardDeletes.INVALIDATE)
    built = versions(frames, table, GONE_AND_BACK, (1, 2, 3, 5))
    (found,) = count_broken_invariants(table, built).collect()
    assert not any(found)
    (found,) = count_broken_invariants(history(), built).collect()
    assert {name.lower() for name, count in found.as_dict().items() if count} == {"gap", "no_current"}
