"""Rules of a source and of the account of its loads: each holds on good ledgers and fails on one bad row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from expectations.checks.drift import unknown_fields
from expectations.checks.reconciliation import account_rules
from expectations.checks.sources import SourceLimits, drift_rule, make_source_subjects, poll_rules
from expectations.checks.tables import validate_tables
from expectations.engine.queries import MOST_BATCHES
from expectations.engine.results import RuleResult
from expectations.engine.run import check_subjects
from expectations.engine.tables import find_table
from tests.expectations.planting import create_statement, good_row, insert_statement
from transforms.contract import Layer, Table
from transforms.ops import DELIVERIES, LEDGERS, LOADS, POLLS, RECONCILIATION, SCHEMA_DRIFT

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.snowpark import Session

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RAW_TABLES = [find_table(f"raw_twitch_{entity}") for entity in ("streams", "users", "games")]
STREAMS = find_table("stg_twitch_streams")
Values = dict[str, Any]


def poll(minutes_ago: int, **values: Any) -> Values:
    """One complete listing of 100 streams."""
    at = NOW - timedelta(minutes=minutes_ago)
    base = {
        "poll_id": f"{minutes_ago}",
        "source": "twitch",
        "entity": "streams",
        "snapshot_at": at.replace(tzinfo=None),
        "requested": 100,
        "rows_received": 100,
        "distinct_rows": 100,
        "missing_ids": 0,
        "restarts": 0,
        "ended": "complete",
        "recorded_at": at.replace(tzinfo=None),
    }
    return {**good_row(POLLS), **base, **values}


@pytest.fixture
def ledgers(connection: SnowflakeConnection) -> SnowflakeConnection:
    """A database with empty ledgers."""
    for schema in (Layer.OPS, Layer.RAW, Layer.STAGING):
        connection.cursor().execute(f"create schema if not exists {connection.database}.{schema}")
    for table in (*LEDGERS, *RAW_TABLES, STREAMS):
        connection.cursor().execute(create_statement(table, connection.database or ""))
    return connection


def insert(connection: SnowflakeConnection, table: Table, *rows: Values) -> None:
    connection.cursor().execute(insert_statement(table, connection.database or "", rows))


def check(connection: SnowflakeConnection, snapshots: tuple[datetime, ...] = ()) -> dict[str, str]:
    subjects = make_source_subjects("twitch", RAW_TABLES, snapshots, SourceLimits(), NOW)
    results = check_subjects(connection, subjects, run_id="r", docs_root=None)
    assert all(result.severity == "warning" for result in results)
    return {result.rule: result.observed for result in results if not result.success}


BAD_POLLS: dict[str, Values] = {
    "twitch: newest snapshot is at most 45 minutes old": {},
    "twitch: a poll brings 50% to 200% of the usual rows": {"distinct_rows": 49, "rows_received": 49},
    "twitch: every listing ends by itself": {"ended": "looped", "note": "cursor looped after page 3"},
    "twitch: every record or id that was asked for is accounted for": {"distinct_rows": 98, "missing_ids": 1},
    "twitch: at most 20% of the ids asked for are unknown": {"distinct_rows": 79, "missing_ids": 21},
    "twitch: at most 20% of the records are repeats": {"rows_received": 130},
}


@pytest.mark.parametrize("rule", [rule.name for rule in poll_rules("twitch", SourceLimits(), NOW)])
def test_poll_rule_holds_on_good_polls_and_fails_on_its_bad_one(ledgers: SnowflakeConnection, rule: str) -> None:
    insert(ledgers, POLLS, *[poll(minutes) for minutes in (60, 75, 90)])
    insert(ledgers, POLLS, poll(120, source="elsewhere", ended="failed"))
    stale = rule == "twitch: newest snapshot is at most 45 minutes old"
    assert set(check(ledgers)) == {"twitch: newest snapshot is at most 45 minutes old"}
    insert(ledgers, POLLS, poll(50 if stale else 5, **BAD_POLLS[rule]))
    assert rule in check(ledgers)
    assert "first entity streams" in check(ledgers)[rule]


def test_good_polls_hold_every_rule(ledgers: SnowflakeConnection) -> None:
    insert(ledgers, POLLS, *[poll(minutes) for minutes in (5, 20, 35, 50)])
    assert check(ledgers) == {}


def test_every_poll_of_the_run_is_checked_not_only_the_newest(ledgers: SnowflakeConnection) -> None:
    insert(ledgers, POLLS, poll(5), poll(20, ended="refused"))
    assert check(ledgers) == {}
    late = NOW - timedelta(minutes=20)
    assert set(check(ledgers, (late,))) == {"twitch: every listing ends by itself"}


@pytest.mark.parametrize("snapshots", [1_000, 1_001, 20_000])
def test_a_backfill_is_checked_whatever_the_number_of_its_snapshots(
    ledgers: SnowflakeConnection, snapshots: int
) -> None:
    """A condition for each of a thousand snapshots was deeper than the embedded warehouse goes: nothing was checked."""
    insert(ledgers, POLLS, poll(5), poll(20, ended="refused"))
    times = [NOW - timedelta(minutes=20 + 15 * number) for number in reversed(range(snapshots))]
    assert set(check(ledgers, tuple(times))) == {"twitch: every listing ends by itself"}


def test_an_unknown_field_is_reported_until_the_contract_knows_it(ledgers: SnowflakeConnection) -> None:
    insert(ledgers, POLLS, poll(5))
    drift = {**good_row(SCHEMA_DRIFT), "table_name": "raw_twitch_streams"}
    insert(ledgers, SCHEMA_DRIFT, {**drift, "field": "title"})
    assert check(ledgers) == {}
    insert(ledgers, SCHEMA_DRIFT, {**drift, "field": "mood"})
    found = check(ledgers)
    assert list(found) == [drift_rule("twitch", RAW_TABLES).name]
    assert found["twitch: no unknown fields"].startswith("1 of 2 rows: first table_name raw_twitch_streams, field mood")


def test_a_source_that_was_never_polled_breaks_nothing(ledgers: SnowflakeConnection) -> None:
    assert check(ledgers) == {}


def test_ledgers_that_do_not_exist_are_failed_results(connection: SnowflakeConnection) -> None:
    subjects = make_source_subjects("twitch", RAW_TABLES, [], SourceLimits(), NOW)
    results = check_subjects(connection, subjects, run_id="r", docs_root=None)
    assert [result.observed for result in results] == [
        f"OPS.{name} does not exist: build it, then validate again" for name in ("POLLS", "SCHEMA_DRIFT")
    ]


def account(load_id: str, build_id: str = "b1", **values: int) -> Values:
    """100 records: 90 staged, 2 quarantined, 8 superseded."""
    sides = {"raw_rows": 100, "staged_rows": 90, "quarantined_rows": 2, "superseded_rows": 8}
    row = {**good_row(RECONCILIATION), "table_name": STREAMS.name, "load_id": load_id, "build_id": build_id}
    return {**row, **sides, **values}


def accounts_of(connection: SnowflakeConnection, builds: list[str] | None) -> list[RuleResult]:
    batches = None if builds is None else {STREAMS.name: builds}
    results = validate_tables(connection, [STREAMS.name], run_id="r", batches=batches, docs_root=None)
    names = {rule.name for rule in account_rules(STREAMS)}
    return [result for result in results if result.rule in names]


BAD_ACCOUNTS = [
    {"staged_rows": 89},
    {"raw_rows": 99, "staged_rows": 89},
    {"quarantined_rows": 6, "staged_rows": 86},
]


@pytest.mark.parametrize(
    ("rule", "bad"), zip([rule.name for rule in account_rules(STREAMS)], BAD_ACCOUNTS, strict=True)
)
def test_account_rule_holds_on_good_loads_and_fails_on_its_bad_one(
    ledgers: SnowflakeConnection, rule: str, bad: Values
) -> None:
    # The account is the sum of its changes: the second build moved one row of the load to another.
    insert(
        ledgers,
        RECONCILIATION,
        account("good"),
        account("good", "b2", raw_rows=0, staged_rows=-1, quarantined_rows=0, superseded_rows=1),
    )
    insert(ledgers, LOADS, *[{**good_row(LOADS), "load_id": load, "rows_loaded": 100} for load in ("good", "bad")])
    assert all(result.success for result in accounts_of(ledgers, None))
    insert(ledgers, RECONCILIATION, account("bad", "b3", **bad))
    found = {result.rule: result for result in accounts_of(ledgers, None) if not result.success}
    assert list(found) == [rule]
    assert found[rule].table_name == STREAMS.name
    assert "load_id bad" in found[rule].observed
    assert all(result.success for result in accounts_of(ledgers, ["b2"]))
    assert not all(result.success for result in accounts_of(ledgers, ["b3"]))


def test_a_file_that_lost_to_another_of_its_time_is_told_by_the_names_of_both(ledgers: SnowflakeConnection) -> None:
    def load(name: str, minute: int, lost: int) -> None:
        landed = f"billing/users/{name}.ndjson.gz"
        at = {"snapshot_at": NOW + timedelta(minutes=minute), "source_file": landed, "rows_loaded": 100}
        insert(ledgers, LOADS, {**good_row(LOADS), "load_id": name, "table_name": "raw_billing_users", **at})
        told = {"delivery_id": name, "file_path": f"/in/{name}.csv", "landed_files": [landed]}
        insert(ledgers, DELIVERIES, {**good_row(DELIVERIES), **told})
        row = account(name, superseded_rows=lost, staged_rows=98 - lost)
        insert(ledgers, RECONCILIATION, {**row, "table_name": "stg_billing_users"})

    def found() -> list[str]:
        results = validate_tables(ledgers, ["stg_billing_users"], run_id="r", batches=None, docs_root=None)
        return [one.observed for one in results if not one.success and one.rule.endswith("a time of its own")]

    load("repeats_itself", 0, 3)
    load("winner", 5, 0)
    assert found() == []
    load("loser", 5, 4)
    (told,) = found()
    assert "delivered_file loser.csv, superseded_rows 4, raw_rows 100, other_file winner.csv" in told


def test_unknown_fields_of_new_loads_are_counted(ledgers: SnowflakeConnection, session: Session) -> None:
    streams, users = RAW_TABLES[0], RAW_TABLES[1]

    def row(table: Table, load: str, record: Any) -> Values:
        return {**good_row(table), "_load_id": load, "record": record}

    insert(
        ledgers,
        streams,
        row(streams, "l1", {"id": "1", "mood": None}),
        row(streams, "l1", {"id": "2", "mood": 3, "title": "x"}),
        row(streams, "old", {"id": "3", "ancient": 1}),
        row(streams, "l1", [1, 2]),
    )
    insert(ledgers, users, row(users, "l2", {"id": "1", "badge": {"deep": 1}}))
    found = unknown_fields(
        session, ledgers.database or "", {streams.name: ["l1"], users.name: ["l2"], RAW_TABLES[2].name: []}, now=NOW
    )
    assert found == [
        {"table_name": streams.name, "field": "mood", "load_id": "l1", "rows_seen": 2, "seen_at": NOW},
        {"table_name": users.name, "field": "badge", "load_id": "l2", "rows_seen": 1, "seen_at": NOW},
    ]
    assert unknown_fields(session, ledgers.database or "", {streams.name: []}, now=NOW) == []
    many = {streams.name: ["l1", *[f"b{number}" for number in range(MOST_BATCHES)]]}  # no statement names them all
    found = unknown_fields(session, ledgers.database or "", many, now=NOW)
    assert [(row["field"], row["load_id"]) for row in found] == [("ancient", "old"), ("mood", "l1")]


def test_unknown_fields_have_any_name_in_records_of_any_shape(ledgers: SnowflakeConnection, session: Session) -> None:
    streams = RAW_TABLES[0]
    odd = ["it's", 'say "so"', "two words", "back\\slash", "a.b", "[0]", "Größe", "日本", ""]
    records: list[Any] = [{"id": "1", name: 1} for name in odd]
    records += [{"id": "2"}, {name: None for name in odd}, "text", 5, True, None, [{"in": "a list"}], {}]
    loads = [f"l{number:02}" for number in range(len(records))]
    rows = [{**good_row(streams), "_load_id": load, "record": one} for load, one in zip(loads, records, strict=True)]
    insert(ledgers, streams, *rows)
    found = unknown_fields(session, ledgers.database or "", {streams.name: loads}, now=NOW)
    told = {row["field"]: (row["load_id"], row["rows_seen"]) for row in found}
    assert told == {name: (loads[number], 2) for number, name in enumerate(odd)}
