"""Rules of a source that comes as files: each holds on good deliveries and fails on a bad one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from expectations.checks.deliveries import DeliveryLimits, delivery_rules, file_rule
from expectations.checks.sources import make_source_subjects
from expectations.engine.run import check_subjects
from expectations.engine.tables import find_table
from tests.expectations.planting import create_statement, good_row, insert_statement
from transforms.contract import Layer
from transforms.ops import DELIVERIES, LOADS, SCHEMA_DRIFT

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
USERS, PAYMENTS = find_table("raw_billing_users"), find_table("raw_billing_payments")
FRESH, WHOLE, USUAL = (rule.name for rule in delivery_rules("billing", DeliveryLimits(), NOON))
FILLED = file_rule("billing").name
Values = dict[str, Any]


def day(number: int) -> datetime:
    return datetime(2026, 3, number, tzinfo=UTC)


def load(table: str, number: int, rows: int, **values: Any) -> Values:
    """A landing file of a delivery of that day."""
    named = {"load_id": f"{table}{number}{rows}", "table_name": table, "snapshot_at": day(number).replace(tzinfo=None)}
    return {**good_row(LOADS), **named, "rows_loaded": rows, **values}


def file(number: int, status: str = "landed", **values: Any) -> Values:
    named = {"source": "billing", "file_path": f"users_{number}.csv", "snapshot_at": day(number).replace(tzinfo=None)}
    return {**good_row(DELIVERIES), **named, "status": status, **values}


@pytest.fixture
def ledgers(connection: SnowflakeConnection) -> SnowflakeConnection:
    """A database with empty ledgers."""
    connection.cursor().execute(f"create schema if not exists {connection.database}.{Layer.OPS}")
    for table in (LOADS, DELIVERIES, SCHEMA_DRIFT):
        connection.cursor().execute(create_statement(table, connection.database or ""))
    return connection


def insert(connection: SnowflakeConnection, *rows: Values) -> None:
    for table in (LOADS, DELIVERIES):
        of_table = [row for row in rows if set(table.column_names) <= set(row)]
        if of_table:
            connection.cursor().execute(insert_statement(table, connection.database or "", of_table))


def broken(connection: SnowflakeConnection, *snapshots: datetime) -> dict[str, str]:
    subjects = make_source_subjects("billing", [USERS, PAYMENTS], snapshots, DeliveryLimits(), NOON)
    results = check_subjects(connection, subjects, run_id="r", docs_root=None)
    assert len(results) == 5
    assert {(result.severity, result.scope) for result in results} == {("warning", "source")}
    return {result.rule: result.observed for result in results if not result.success}


def usual(*days: int) -> list[Values]:
    """A delivery of 100 users, in two files, and 50 payments on each day; at first all payments that ever were."""
    users = [load("raw_billing_users", number, rows) for number in days for rows in (60, 40)]
    payments = [load("raw_billing_payments", number, 5000 if number == days[0] else 50) for number in days]
    return [*users, *payments, *[file(number) for number in days], load("raw_twitch_users", 1, 7)]


def test_usual_deliveries_hold_every_rule(ledgers: SnowflakeConnection) -> None:
    insert(ledgers, *usual(8, 9, 10))
    assert broken(ledgers, day(8), day(9), day(10)) == {}


def test_a_source_that_never_delivered_breaks_nothing(ledgers: SnowflakeConnection) -> None:
    assert broken(ledgers) == {}


def test_an_old_delivery_is_told_with_its_time(ledgers: SnowflakeConnection) -> None:
    insert(ledgers, *usual(7, 8))
    assert broken(ledgers) == {
        FRESH: "2 of 2 rows: first table_name raw_billing_payments, snapshot_at 2026-03-08 00:00:00"
    }


def test_a_delivery_without_an_entity_is_told(ledgers: SnowflakeConnection) -> None:
    insert(ledgers, *usual(8, 9), load("raw_billing_users", 10, 100))
    assert broken(ledgers) == {
        WHOLE: "1 of 2 rows: first table_name raw_billing_payments, snapshot_at 2026-03-09 00:00:00, "
        "newest_at 2026-03-10 00:00:00"
    }


def test_an_entity_that_never_came_is_told(ledgers: SnowflakeConnection) -> None:
    insert(ledgers, load("raw_billing_users", 10, 100))
    assert broken(ledgers) == {
        WHOLE: "1 of 2 rows: first table_name raw_billing_payments, snapshot_at NULL, newest_at 2026-03-10 00:00:00"
    }


@pytest.mark.parametrize(("rows", "fails"), [(49, True), (50, False), (200, False), (201, True)])
def test_much_less_or_more_than_before_is_told_with_both_counts(
    ledgers: SnowflakeConnection, rows: int, fails: bool
) -> None:
    insert(ledgers, *usual(8, 9), load("raw_billing_users", 10, rows), load("raw_billing_payments", 10, 50))
    told = f"table_name raw_billing_users, snapshot_at 2026-03-10 00:00:00, row_count {rows}, rows_before 100"
    assert broken(ledgers) == ({USUAL: f"1 of 2 rows: first {told}"} if fails else {})


def test_a_complete_source_is_compared_with_its_first_delivery_already(ledgers: SnowflakeConnection) -> None:
    insert(ledgers, *usual(9), load("raw_billing_users", 10, 1), load("raw_billing_payments", 10, 50))
    assert list(broken(ledgers)) == [USUAL]


def test_deliveries_of_the_run_are_checked_beside_the_newest(ledgers: SnowflakeConnection) -> None:
    late = [load("raw_billing_users", 9, 1), load("raw_billing_payments", 9, 50), file(9, "empty")]
    insert(ledgers, *usual(8, 10), *late)
    assert set(broken(ledgers)) == {USUAL}  # the newest one, against the late one before it
    found = broken(ledgers, day(9))
    assert set(found) == {USUAL, FILLED}
    assert found[USUAL].startswith("2 of 4 rows: first table_name raw_billing_users, snapshot_at 2026-03-09 00:00:00")
    many = [day(9) + timedelta(seconds=second) for second in range(1_500)]
    assert broken(ledgers, *many) == found


def test_an_empty_file_of_the_newest_delivery_is_told(ledgers: SnowflakeConnection) -> None:
    insert(ledgers, *usual(8, 9, 10), file(10, "empty", file_path="viewing_20260310.csv"))
    insert(ledgers, file(11, "empty", source="elsewhere"))
    found = broken(ledgers)
    assert list(found) == [FILLED]
    assert found[FILLED].startswith("1 of 2 rows: first file_path viewing_20260310.csv, status empty")
