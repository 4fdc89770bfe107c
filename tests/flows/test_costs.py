"""What may be sent: the budgets of statements of a run, counted where they are sent and again by the warehouse."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.landing import land
from flows.settings import Settings, load_settings
from flows.warehouse import list_sent_statements, list_stored_columns, open_session, prepare
from flows.warehouse.statements import Statement, StatementLog
from tests.feeding import stream
from transforms.catalog import select_models

IN_PLACE, STATE, LOADING = 3, 2, 6
STAGED = ["stg_twitch_streams", "stg_twitch_users", "stg_twitch_games"]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Statement]:
    """Every statement that is sent from here on, by whichever flow."""
    found: list[Statement] = []
    add = StatementLog.add

    def also(log: StatementLog, statement: Statement) -> None:
        found.append(statement)
        add(log, statement)

    monkeypatch.setattr(StatementLog, "add", also)
    return found


def told(statements: list[Statement]) -> str:
    """The statements, for the message of a test that fails."""
    return "\n" + "\n".join(f"{one.step or '(flow)'}: {' '.join(one.text.split())[:160]}" for one in statements)


@pytest.mark.lengthy
def test_a_run_with_nothing_new_only_looks(snowcast, sent: list[Statement]):
    assert snowcast("run", "--sources", "twitch", "--polls", "1", "--select", "tag:twitch").code == 0
    sent.clear()
    done = snowcast("build", "--select", "tag:twitch")
    assert done.code == 0
    assert done.out.count("nothing new") == 16
    steps = Counter(one.step for one in sent)
    assert steps[""] <= IN_PLACE, told(sent)
    assert steps["read state"] <= STATE, told(sent)
    assert set(steps) == {"", "read state"}, told(sent)
    assert counted_by_the_warehouse() == steps, told(sent)


@pytest.mark.lengthy
def test_the_costs_of_a_run_are_kept_and_told(snowcast, sent: list[Statement]):
    assert snowcast("run", "--sources", "twitch", "--polls", "1", "--select", "+fact_stream_snapshots").code == 0
    costs = json.loads(snowcast("status", "--costs", "--json").out)
    of_run = [one for one in sent if "FROM ANALYTICS.OPS.RUNS" not in one.text]
    built = [one for one in of_run if one.step == "build fact_stream_snapshots"]
    (kept,) = [one for one in costs["costs"] if one["step"] == "build fact_stream_snapshots"]
    assert (kept["table"], kept["statements"]) == ("fact_stream_snapshots", sum(one.number for one in built))
    assert kept["statements"] == len(built) + 2, "the ledgers, the claim of the head and COMMIT are one request"
    assert kept["seconds"] > 0
    assert costs["flow"] == "pipeline"
    assert "fact_stream_snapshots" in snowcast("status", "--costs").out
    # A stream may change its game between two requests: a warning, whose rows are then looked up by their keys.
    checks = [one for one in of_run if one.step.startswith("validate") and " AS c0" not in one.text]
    rules = Counter((one.step, one.table) for one in checks if one.table)
    assert rules
    assert set(rules.values()) == {1}, told([one for one in of_run if one.step.startswith("validate")])
    kept_results = [one for one in of_run if one.step == "keep results"]
    assert len(kept_results) == 1, told(kept_results)


@pytest.fixture
def settings(endpoint, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The test's database, reached as that of an account is."""
    monkeypatch.setenv("SNOWCAST_WAREHOUSE", "snowflake")
    for name, value in endpoint.connection_parameters().items():
        if name in ("account", "user", "password", "host", "port", "protocol", "role", "warehouse"):
            monkeypatch.setenv(f"SNOWFLAKE_{name.upper()}", str(value))
    return load_settings(home=tmp_path, database=database)


@pytest.mark.parametrize("files", [1, 300])
def test_files_of_one_entity_are_loaded_by_six_statements(settings: Settings, files: int):
    from flows.load.loader import load_pending

    for number in range(files):
        at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=number)
        land(settings.landing_root, "twitch", "streams", at, [stream("1", number)])
    tables = [model.table for model in select_models(["raw"])]
    with open_session(settings) as session:
        prepare(session, settings)
        loaded, used = counting(lambda: load_pending(session, settings.database, settings.landing_root, tables))
        assert len(loaded.loads) == files
        assert len(used) <= LOADING, told(used)
        again, used = counting(lambda: load_pending(session, settings.database, settings.landing_root, tables))
        assert again.loads == ()
        assert len(used) == 1, told(used)


def test_all_rules_of_a_table_are_one_statement(settings: Settings):
    from expectations.checks.tables import validate_tables

    with open_session(settings) as session:
        prepare(session, settings)
        results, used = counting(
            lambda: validate_tables(
                session.connection, STAGED, run_id="r", batches=None, docs_root=None, stored=list_stored_columns()
            )
        )
        assert len(results) > 30
        assert all(result.success for result in results)
        assert len(used) == len(STAGED) + 1, told(used)  # one more: the account of the loads of all of them


def counting(work: Callable[[], Any]) -> tuple[Any, list[Statement]]:
    """What the work gives, and what it sent."""
    before = len(list_sent_statements())
    result = work()
    return result, list_sent_statements()[before:]


def counted_by_the_warehouse() -> Counter[str]:
    """Statements of the newest run by step, as the warehouse's history of queries has them."""
    settings = load_settings()
    with open_session(settings) as session:
        newest = "SELECT run_id FROM OPS.RUNS ORDER BY started_at DESC LIMIT 1"
        (run_id,) = session.sql(newest).collect()[0]
        history = session.sql(
            "SELECT query_tag FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000)) "
            f"WHERE query_tag LIKE '%{run_id}%'"
        ).collect()
    return Counter(json.loads(row[0]).get("step", "") for row in history)
