"""validate_tables: scope, severity, what cannot be checked, results as rows."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from expectations.checks import tables as validate
from expectations.checks.tables import rules_of, validate_tables
from expectations.engine.report import format_summary, markdown
from expectations.engine.results import RuleResult, find_blocked_tables, make_ledger_rows
from expectations.engine.tables import business_rules, find_table
from expectations.rules.rule import CRITICAL, WARNING, Rule
from tests.expectations.conftest import tables
from tests.expectations.planting import GOOD_BATCH, bad_batch, create_statement, good_row, insert_statement
from transforms.contract import ContractError, Layer
from transforms.ops import LEDGERS, VALIDATION_RESULTS

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

STREAMS = find_table("stg_twitch_streams")
DAYS = find_table("dim_date")
GOOD = {table.name: [GOOD_BATCH] for table in tables()}


def broken(results: list[RuleResult]) -> dict[str, str]:
    """What failed and why."""
    return {result.rule: result.observed for result in results if not result.success}


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that this process sends while the test runs."""
    from snowflake.connector.cursor import SnowflakeCursor

    sent: list[str] = []
    execute = SnowflakeCursor.execute

    def recording(self: SnowflakeCursor, command: str, *args: Any, **kwargs: Any) -> Any:
        sent.append(command)
        return execute(self, command, *args, **kwargs)

    monkeypatch.setattr(SnowflakeCursor, "execute", recording)
    return sent


@pytest.fixture
def stored(connection: SnowflakeConnection) -> SnowflakeConnection:
    """A database of its own with empty tables."""
    for layer in Layer:
        connection.cursor().execute(f"create schema if not exists {connection.database}.{layer}")
    for table in (STREAMS, DAYS, *LEDGERS):
        connection.cursor().execute(create_statement(table, connection.database or ""))
    return connection


def test_good_rows_hold_every_rule_of_every_table(planted_connection: SnowflakeConnection) -> None:
    names = [table.name for table in tables()]
    results = validate_tables(planted_connection, names, run_id="r", batches=GOOD, docs_root=None)
    assert broken(results) == {}
    for table in tables():
        checked = {result.rule for result in results if result.table_name == table.name}
        assert checked >= {"columns and types as declared", *(rule.name for rule in rules_of(table))}
    assert {result.scope for result in results} == {"batch"}


def test_a_batch_costs_one_statement_and_names_only_its_own_rows(
    planted_connection: SnowflakeConnection, statements: list[str]
) -> None:
    validate_tables(planted_connection, ["dim_date"], run_id="r", batches=GOOD, docs_root=None)
    statements.clear()
    results = validate_tables(
        planted_connection, ["dim_streamers"], run_id="r", batches={"dim_streamers": [GOOD_BATCH]}, docs_root=None
    )
    assert broken(results) == {}
    assert len(statements) == 2, [statement[:200] for statement in statements]
    columns, rows = statements
    assert "information_schema.columns" in columns
    assert f"where t._build_id in ('{GOOD_BATCH}')" in rows


def test_whole_tables_show_what_the_batch_did_not(planted_connection: SnowflakeConnection) -> None:
    results = validate_tables(planted_connection, ["stg_twitch_streams"], run_id="r", batches=None, docs_root=None)
    assert {result.scope for result in results} == {"full"}
    # A table holds one bad row per rule, so every rule on rows fails.
    assert {rule.name for rule in rules_of(STREAMS)} <= set(broken(results))
    assert find_blocked_tables(results) == {"stg_twitch_streams"}


def test_failed_rule_says_how_many_rows_and_names_the_first(planted_connection: SnowflakeConnection) -> None:
    number = [rule.name for rule in rules_of(STREAMS)].index("viewer_count >= 0")
    batches = {"stg_twitch_streams": [GOOD_BATCH, bad_batch(number)]}
    results = validate_tables(planted_connection, ["stg_twitch_streams"], run_id="r", batches=batches, docs_root=None)
    assert broken(results)["viewer_count >= 0"] == (
        "1 of 2 rows: first stream_id x, snapshot_at 2026-03-01 12:00:00, viewer_count -1"
    )


def test_a_table_that_the_run_did_not_write_is_not_read(
    planted_connection: SnowflakeConnection, statements: list[str]
) -> None:
    (result,) = validate_tables(
        planted_connection, ["dim_games"], run_id="r", batches={"dim_games": []}, docs_root=None
    )
    assert (result.success, result.observed) == (True, "the run wrote no rows")
    assert statements == []


def test_a_batch_without_rows_breaks_nothing(planted_connection: SnowflakeConnection) -> None:
    results = validate_tables(
        planted_connection, ["dim_games"], run_id="r", batches={"dim_games": ["no such build"]}, docs_root=None
    )
    assert broken(results) == {}
    assert "0 rows" in {result.observed for result in results}


def test_a_table_that_does_not_exist_is_a_failed_result(connection: SnowflakeConnection) -> None:
    (result,) = validate_tables(connection, ["dim_games"], run_id="r", batches=None, docs_root=None)
    assert not result.success
    assert result.severity == "critical"
    assert result.observed == "MARTS.DIM_GAMES does not exist: build it, then validate again"


def test_a_missing_column_and_another_type_are_named_and_the_other_rules_are_checked(
    stored: SnowflakeConnection,
) -> None:
    cursor = stored.cursor()
    cursor.execute(insert_statement(DAYS, stored.database or "", [good_row(DAYS)]))
    cursor.execute(f"alter table {DAYS.full_name(stored.database or '')} drop column is_weekend")
    cursor.execute(f"alter table {DAYS.full_name(stored.database or '')} drop column iso_year")
    cursor.execute(f"alter table {DAYS.full_name(stored.database or '')} add column iso_year text")
    found = broken(validate_tables(stored, ["dim_date"], run_id="r", batches=None, docs_root=None))
    assert found.pop("columns and types as declared") == "lacks is_weekend; iso_year is TEXT, declared NUMBER"
    assert found.pop("iso_year is never NULL") == "1 of 1 rows: first date_day 2026-03-01"
    assert set(found.values()) == {"not checked: dim_date lacks is_weekend"}


def test_a_rule_that_the_warehouse_refuses_does_not_hide_the_others(
    planted_connection: SnowflakeConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Rule("asks for a column that is not there", "no_such_column > 1", WARNING, "a slip in a rule")
    monkeypatch.setattr(validate, "business_rules", lambda table: (*business_rules(table), refused))
    results = validate_tables(
        planted_connection, ["dim_games"], run_id="r", batches={"dim_games": [GOOD_BATCH]}, docs_root=None
    )
    found = broken(results)
    assert list(found) == [refused.name]
    assert found[refused.name].startswith("not checked: ")
    assert "no_such_column" in found[refused.name].lower()
    assert "\n" not in found[refused.name]
    assert len(results) == 2 + len(rules_of(find_table("dim_games"))) - 1
    assert find_blocked_tables(results) == set()


def test_a_warehouse_that_goes_away_is_no_fault_of_a_rule(
    stored: SnowflakeConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from snowflake.connector import SnowflakeConnection
    from snowflake.connector.errors import OperationalError

    send = SnowflakeConnection.cmd_query

    def lose(self: Any, sql: str, *arguments: Any, **options: Any) -> Any:
        if "information_schema" in sql.lower():
            return send(self, sql, *arguments, **options)
        raise OperationalError(msg="gone", errno=250003)

    monkeypatch.setattr(SnowflakeConnection, "cmd_query", lose)
    with pytest.raises(OperationalError, match="gone"):
        validate_tables(stored, [DAYS.name], run_id="r", batches=None, docs_root=None)


def test_warnings_are_reported_and_block_nothing() -> None:
    def result(table: str, severity: str, success: bool) -> RuleResult:
        return RuleResult("MARTS", table, f"{severity} {success}", severity, success, "seen", "batch", "because")

    results = [
        result("dim_games", "warning", False),
        result("dim_streamers", "critical", True),
        result("fact_stream_days", "critical", False),
    ]
    assert find_blocked_tables(results) == {"fact_stream_days"}
    assert format_summary(results) == "3 rules on 3 tables; failed: 1 critical, 1 warning"
    lines = markdown(results, "http://docs").splitlines()
    assert lines[4] == "| MARTS.fact_stream_days | critical False | critical | seen | because |"
    assert "| MARTS.dim_streamers | batch | 1 | 1 |" in lines
    assert lines[-1] == "[Data Docs](http://docs)"


def test_results_are_rows_of_the_ledger() -> None:
    result = RuleResult("MARTS", "dim_games", "rule", CRITICAL.value, True, "3 rows", "full", "because")
    (row,) = make_ledger_rows([result], "run", datetime(2026, 3, 1))
    assert tuple(row) == VALIDATION_RESULTS.column_names


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(ContractError, match="dim_gamez"):
        validate_tables({}, ["dim_gamez"], run_id="r", batches=None, docs_root=None)


def test_validations_at_once_do_not_mix(planted: dict[str, Any]) -> None:
    found: dict[str, list[RuleResult]] = {}

    def check(name: str) -> None:
        found[name] = validate_tables(planted, [name], run_id=name, batches=GOOD, docs_root=None)

    threads = [threading.Thread(target=check, args=(name,)) for name in ("dim_games", "dim_streamers", "dim_date")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: {r.table_name for r in results} for name, results in found.items()} == {n: {n} for n in found}
    assert len(found) == 3


def test_the_connection_of_a_snowpark_session_serves(planted: dict[str, Any]) -> None:
    from snowflake.snowpark import Session

    session = Session.builder.configs(planted).create()
    # The other way of writing parameters, and a failing rule, whose example is asked for with one.
    results = validate_tables(session.connection, ["dim_games"], run_id="r", batches=None, docs_root=None)
    assert broken(results)["every category has a name"].startswith("1 of ")
    assert session.sql("select 1").collect()[0][0] == 1
    session.close()


def test_an_open_connection_stays_open(planted_connection: SnowflakeConnection) -> None:
    validate_tables(planted_connection, ["dim_games"], run_id="r", batches=GOOD, docs_root=None)
    assert planted_connection.cursor().execute("select 1").fetchall() == [(1,)]
