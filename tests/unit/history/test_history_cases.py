"""One test per cell of ours in transforms/history/COMPARISON.md, named by the case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from snowflake.snowpark import DataFrame, Session

from tests.feeding import LandingFile, build_all, load, minutes, rows_of, written
from tests.properties.history_tables import PROBES, RAW, STAGING, Probe, build_staging
from tests.registering import model_of, registered
from transforms.contract import TEXT, VERSION_COLUMNS, Column, Table
from transforms.engine.stored import read_table
from transforms.formulas.keys import hash_key
from transforms.ops import QUARANTINE, RECONCILIATION
from transforms.staging.parsing import parse

pytestmark = pytest.mark.lengthy

BY = {probe.table.name: probe for probe in PROBES}
CHECKED, TIMED = BY["check_new_record_listed"], BY["timestamp_new_record_listed"]


@pytest.fixture
def history(warehouse: Session) -> Iterator[Session]:
    probes = [model_of(probe.table, probe.build()) for probe in (CHECKED, TIMED)]
    with registered([model_of(RAW), model_of(STAGING, build_staging), *probes], warehouse):
        yield warehouse


def item(plan: str | None, updated_at: float | None = None, **fields: Any) -> dict[str, Any]:
    spelled = None if updated_at is None else minutes(updated_at).isoformat()
    return {"id": "i", "region": "r", "plan": plan, "seats": 1, "note": None, "updated_at": spelled} | fields


def delivery(at: float, *records: dict[str, Any], part: str = "") -> LandingFile:
    """A delivery that lists these records and somebody else, so that it is never empty."""
    named = f"probe/items/{at:05.0f}{part}"
    return LandingFile("items", minutes(at), (*records, item("x", 0, id="other")), name=named, source="probe")


def build(session: Session) -> dict[str, tuple[int, int, int]]:
    results = build_all(session, [STAGING.name, CHECKED.table.name, TIMED.table.name])
    return {name: written(result) for name, result in results.items()}


def versions(session: Session, probe: Probe, *columns: str, item_id: str = "i") -> list[tuple[Any, ...]]:
    """(columns or the plan, from, to, current, deleted) of an item's versions, in order; times in minutes."""
    rows = read_table(session, probe.table).collect()
    of_item = sorted((row for row in rows if row["ITEM_ID"] == item_id), key=lambda row: row["VALID_FROM"])
    return [
        (
            *[row[column.upper()] for column in columns or ("plan",)],
            _minute(row["VALID_FROM"]),
            _minute(row["VALID_TO"]),
            row["IS_CURRENT"],
            row["IS_DELETED"],
        )
        for row in of_item
    ]


def _minute(at: datetime | None) -> float | None:
    return None if at is None else (at - minutes(0)).total_seconds() / 60


def arrive(session: Session, *files: LandingFile) -> None:
    """Each file in a run of its own."""
    for file in files:
        load(session, file)
        build(session)


def test_a_late_version_is_spliced_in(history: Session):
    arrive(
        history,
        delivery(10, item("a", 10)),
        delivery(40, item("c", 40)),
        delivery(20, item("b", 20)),
        delivery(50, item("z", 5)),
    )
    assert versions(history, TIMED) == [
        ("z", 5, 10, False, False),
        ("a", 10, 20, False, False),
        ("b", 20, 40, False, False),
        ("c", 40, None, True, False),
    ]
    assert versions(history, CHECKED) == [
        ("a", 10, 20, False, False),
        ("b", 20, 40, False, False),
        ("c", 40, 50, False, False),
        ("z", 50, None, True, False),
    ]


def test_a_revival_with_the_same_updated_at_opens_one_current_version(history: Session):
    arrive(history, delivery(10, item("a", 1)), delivery(20), delivery(30), delivery(40, item("a", 1)))
    deleted_and_back = [("a", 20, 40, False, True), ("a", 40, None, True, False)]
    assert versions(history, TIMED) == [("a", 1, 20, False, False), *deleted_and_back]
    assert versions(history, CHECKED) == [("a", 10, 20, False, False), *deleted_and_back]


def test_a_version_that_is_ended_or_seen_again_has_only_its_times_written(history: Session):
    arrive(history, delivery(10, item("a", 1)))
    for at, arrived, actions in (
        (20, item("a", 1), {"retime"}),
        (30, item("b", 30), {"retime", "insert"}),
        (40, item("b", 30, note="n"), {"update"}),
    ):
        arrive(history, delivery(at, arrived))  # of both histories the timestamped one is written last
        compared = history.table("OPS.SNOWCAST_COMPARED").collect()
        assert {row["ACTION"] for row in compared if row["NEW_ITEM_ID"] == "i"} == actions
    for probe in (CHECKED, TIMED):
        begin = 10 if probe is CHECKED else 1
        assert versions(history, probe, "plan", "note") == [
            ("a", None, begin, 30, False, False),
            ("b", "n", 30, None, True, False),
        ]
    assert {row["OBSERVED_AT_LAST"] for row in read_table(history, TIMED.table).collect()} >= {minutes(20), minutes(40)}


def test_a_null_updated_at_is_quarantined_and_the_key_goes_on(history: Session):
    arrive(history, delivery(10, item("a", 1)), delivery(20, item("b")))
    assert versions(history, TIMED) == [("a", 1, None, True, False)]
    assert rows_of(read_table(history, QUARANTINE).select("table_name", "rule", "source_file", "source_row")) == [
        ("timestamp_new_record_listed", "updated_at_missing", "probe/items/00020", 1)
    ]
    arrive(history, delivery(30, item("c", 25)))
    assert versions(history, TIMED) == [("a", 1, 25, False, False), ("c", 25, None, True, False)]


def test_null_to_value_is_a_change_and_the_past_keeps_its_null(history: Session):
    arrive(history, delivery(10, item(None, 10)), delivery(20, item(None, 20)), delivery(30, item("a", 30)))
    for probe in (CHECKED, TIMED):
        assert versions(history, probe) == [(None, 10, 30, False, False), ("a", 30, None, True, False)]
    arrive(history, delivery(40, item(None, 40)))
    for probe in (CHECKED, TIMED):
        assert versions(history, probe)[1:] == [("a", 30, 40, False, False), (None, 40, None, True, False)]


def test_duplicate_keys_in_a_batch_are_resolved_before_the_write(history: Session):
    twice = delivery(10, item("a", 1), item("b", 1))
    load(history, delivery(10, item("c", 1), part="_2"), twice)
    build(history)
    for probe, begin in ((CHECKED, 10), (TIMED, 1)):
        assert versions(history, probe) == [("c", begin, None, True, False)]
    account = read_table(history, RECONCILIATION).select("raw_rows", "staged_rows", "superseded_rows")
    assert sorted(tuple(row) for row in account.collect()) == [(2, 2, 0), (3, 0, 3)]


def test_a_null_key_part_is_a_key_of_its_own(history: Session):
    parts = [item("a", 1, region=None), item("b", 1, region=""), item("c", 1)]
    arrive(history, delivery(10, *parts))
    assert build(history) == {name: (0, 0, 0) for name in (STAGING.name, CHECKED.table.name, TIMED.table.name)}
    arrive(history, delivery(20, *parts))
    for probe, begin in ((CHECKED, 10), (TIMED, 1)):
        assert sorted(versions(history, probe, "plan", "region"), key=str) == [
            ("a", None, begin, None, True, False),
            ("b", "", begin, None, True, False),
            ("c", "r", begin, None, True, False),
        ]


def test_several_changes_in_one_batch_become_a_chain(history: Session):
    load(
        history,
        *[delivery(at, item(plan, at)) for at, plan in ((30, "c"), (10, "a"), (20, "b"), (50, "a"))],
        delivery(40),
    )
    build(history)
    for probe in (CHECKED, TIMED):
        assert versions(history, probe) == [
            ("a", 10, 20, False, False),
            ("b", 20, 30, False, False),
            ("c", 30, 40, False, False),
            ("c", 40, 50, False, True),
            ("a", 50, None, True, False),
        ]


def test_an_added_column_opens_versions_only_where_a_value_appears(history: Session):
    arrive(
        history,
        delivery(10, item("a", 10), item("a", 10, id="j")),
        delivery(20, item("a", 20, color="red"), item("a", 20, id="j")),
    )
    assert versions(history, CHECKED) == [("a", 10, None, True, False)]
    color = Column("color", TEXT, "a field that the source added")
    staging = replace(STAGING, columns=(*STAGING.columns, color.replace(payload="color")))
    tracked = replace(CHECKED.table.write, tracked=("plan", "seats", "color"))
    table = replace(CHECKED.table, columns=(*CHECKED.table.observed_columns, color, *VERSION_COLUMNS), write=tracked)
    changed = [model_of(staging, _staging_of(staging)), model_of(table, replace(CHECKED, table=table).build())]
    with registered(changed, history):
        build(history)
        assert versions(history, CHECKED, "plan", "color") == [
            ("a", None, 10, 20, False, False),
            ("a", "red", 20, None, True, False),
        ]
        assert versions(history, CHECKED, "plan", "color", item_id="j") == [("a", None, 10, None, True, False)]
    build(history)
    assert versions(history, CHECKED, "plan") == [("a", 10, None, True, False)]


def _staging_of(table: Table) -> Any:
    def build(raw_probe_items: DataFrame) -> DataFrame:
        parsed = parse(raw_probe_items, table).select("*", hash_key("item_id", "region").alias("item_key"))
        return table.select(parsed)

    return build
