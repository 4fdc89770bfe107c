"""Rules of a source that is exported by the hour: each holds on good hours and fails on a bad one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from expectations.checks.exports import ExportLimits, export_rules
from expectations.checks.sources import make_source_subjects
from expectations.engine.run import check_subjects
from expectations.engine.tables import find_table
from tests.expectations.planting import create_statement, good_row, insert_statement
from transforms.contract import Layer
from transforms.ops import DELIVERIES, EXPORT_HOURS, LOADS, SCHEMA_DRIFT

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
NOW = NOON + timedelta(hours=3)
EVENTS = find_table("raw_amplitude_events")
FRESH, COMPLETE, CHAINED, USUAL, EQUAL, LOADED = (rule.name for rule in export_rules("amplitude", ExportLimits(), NOW))
Values = dict[str, Any]


def hour(before_noon: int, state: str = "landed", **values: Any) -> Values:
    """The state of an hour that began so many hours before noon."""
    at = (NOON - timedelta(hours=before_noon)).replace(tzinfo=None)
    named = {"source": "amplitude", "project": "project", "hour_at": at, "asked_at": NOW.replace(tzinfo=None)}
    landed_file = f"hour_{before_noon}" if state == "landed" else None
    counts = {"files": 1, "events": 400, "bytes": 1, "attempts": 1}
    return {**good_row(EXPORT_HOURS), **named, "state": state, "landed_file": landed_file, **counts, **values}


def load(before_noon: int, rows: int = 400) -> Values:
    name = f"hour_{before_noon}"
    return {**good_row(LOADS), "load_id": name, "source_file": name, "rows_parsed": rows, "rows_loaded": rows}


@pytest.fixture
def ledgers(connection: SnowflakeConnection) -> SnowflakeConnection:
    """A database with empty ledgers."""
    connection.cursor().execute(f"create schema if not exists {connection.database}.{Layer.OPS}")
    for table in (DELIVERIES, EXPORT_HOURS, LOADS, SCHEMA_DRIFT):
        connection.cursor().execute(create_statement(table, connection.database or ""))
    return connection


def insert(connection: SnowflakeConnection, *rows: Values) -> None:
    for table in (DELIVERIES, EXPORT_HOURS, LOADS):
        of_table = [row for row in rows if set(table.column_names) <= set(row)]
        if of_table:
            connection.cursor().execute(insert_statement(table, connection.database or "", of_table))


def broken(connection: SnowflakeConnection) -> dict[str, str]:
    subjects = make_source_subjects("amplitude", [EVENTS], [], ExportLimits(), NOW)
    results = check_subjects(connection, subjects, run_id="r", docs_root=None)
    assert len(results) == 7
    assert {result.rule for result in results if result.severity == "critical"} == {EQUAL}
    return {result.rule: result.observed for result in results if not result.success}


def usual(days: int = 8) -> list[Values]:
    """Every hour of so many days, landed and loaded, 400 events each."""
    hours = range(days * 24)
    return [*map(hour, hours), *map(load, hours)]


def test_usual_hours_hold_every_rule(ledgers: SnowflakeConnection) -> None:
    insert(ledgers, *usual())
    insert(
        ledgers,
        hour(30, "pending", asked_at=datetime(2026, 3, 1)),
        hour(3, "pending", project="older", asked_at=datetime(2026, 3, 1)),
    )
    assert broken(ledgers) == {}


def test_a_source_that_was_never_exported_breaks_nothing(ledgers: SnowflakeConnection) -> None:
    assert broken(ledgers) == {}


@pytest.mark.parametrize(("newest", "fails"), [(3, False), (4, True)])
def test_an_old_hour_is_told(ledgers: SnowflakeConnection, newest: int, fails: bool) -> None:
    insert(ledgers, hour(newest), load(newest), hour(newest + 1, "empty", events=0))
    assert set(broken(ledgers)) == ({FRESH} if fails else set())


@pytest.mark.parametrize("state", ["pending", "refused", "too_large"])
def test_an_hour_that_is_left_out_is_told_with_its_note(ledgers: SnowflakeConnection, state: str) -> None:
    insert(ledgers, hour(0), load(0), hour(1, state, note="the member is cut off", events=0), hour(2), load(2))
    found = broken(ledgers)
    assert set(found) == {COMPLETE}
    assert f"state {state}, attempts 1, note the member is cut off" in found[COMPLETE]


def test_a_too_large_hour_is_not_left_out_once_its_files_came(ledgers: SnowflakeConnection) -> None:
    others = hour(0), load(0), hour(2), load(2)
    too_large = hour(1, "too_large", events=0)
    at = too_large["hour_at"]
    came = {**good_row(DELIVERIES), "source": "amplitude", "rows_landed": 5}
    insert(ledgers, *others, too_large, {**came, "snapshot_at": at - timedelta(hours=1)})
    assert set(broken(ledgers)) == {COMPLETE}
    insert(ledgers, {**came, "snapshot_at": at}, {**came, "snapshot_at": at})
    assert broken(ledgers) == {}


def test_hours_that_nobody_asked_for_are_told(ledgers: SnowflakeConnection) -> None:
    insert(ledgers, hour(0), load(0), hour(3), load(3))
    found = broken(ledgers)
    assert set(found) == {CHAINED}
    assert "first hour_at 2026-03-10 12:00:00, hour_before 2026-03-10 09:00:00" in found[CHAINED]


@pytest.mark.parametrize(("events", "fails"), [(119, True), (120, False), (1200, False), (1201, True)])
def test_much_less_or_more_than_at_that_time_of_day_is_told(
    ledgers: SnowflakeConnection, events: int, fails: bool
) -> None:
    insert(ledgers, *[row for row in usual() if row.get("landed_file") != "hour_0" and row.get("load_id") != "hour_0"])
    insert(ledgers, hour(0, events=events), load(0, events))
    assert set(broken(ledgers)) == ({USUAL} if fails else set())


def test_an_empty_hour_where_there_are_events_else_is_told(ledgers: SnowflakeConnection) -> None:
    insert(ledgers, *[row for row in usual() if row.get("landed_file") != "hour_1" and row.get("load_id") != "hour_1"])
    insert(ledgers, hour(1, "empty", events=0))
    assert set(broken(ledgers)) == {USUAL}


def test_small_numbers_and_few_days_say_nothing(ledgers: SnowflakeConnection) -> None:
    insert(ledgers, *[{**row, "events": 100} for row in usual() if "hour_at" in row])
    insert(ledgers, *[{**row, "rows_parsed": 100} for row in usual() if "load_id" in row])
    insert(ledgers, hour(0, events=1, asked_at=datetime(2026, 3, 11)))
    assert USUAL not in broken(ledgers)


def test_a_load_with_other_rows_than_landed_is_critical(ledgers: SnowflakeConnection) -> None:
    insert(ledgers, hour(0), load(0, 399))
    found = broken(ledgers)
    assert set(found) == {EQUAL}
    assert "events 400, rows_parsed 399" in found[EQUAL]


def test_a_landed_hour_that_is_not_loaded_is_told(ledgers: SnowflakeConnection) -> None:
    insert(ledgers, hour(0))
    assert set(broken(ledgers)) == {LOADED}
