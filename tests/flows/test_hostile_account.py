"""An account whose defaults are all others than ours: the same tables and ledgers, whatever logs in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from deployments.sandbox import DEFAULT_START, World, write_billing_deliveries, write_livelogs
from flows.settings import load_settings
from flows.warehouse import open_session
from flows.warehouse.login import SESSION_PARAMETERS
from tests.feeding import content, rows_of, stream
from transforms.catalog import select_models
from transforms.contract import TIMESTAMP, Table
from transforms.engine.stored import read_table
from transforms.ops import (
    BUILDS,
    CONSUMPTIONS,
    DISPLACED,
    LOADS,
    QUARANTINE,
    RECONCILIATION,
    SCHEMA_DRIFT,
    VALIDATION_RESULTS,
)

HOSTILE = {
    "TIMEZONE": "'America/Los_Angeles'",
    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_LTZ",
    "WEEK_START": "7",
    "WEEK_OF_YEAR_POLICY": "1",
    "DATE_INPUT_FORMAT": "'DD/MM/YYYY'",
    "TIME_INPUT_FORMAT": "'HH12:MI AM'",
    "TIMESTAMP_INPUT_FORMAT": "'DD/MM/YYYY HH24:MI'",
    "DATE_OUTPUT_FORMAT": "'DD.MM.YYYY'",
    "TIME_OUTPUT_FORMAT": "'HH12:MI AM'",
    "TIMESTAMP_OUTPUT_FORMAT": "'DY, DD MON YYYY'",
    "TIMESTAMP_NTZ_OUTPUT_FORMAT": "'MON DD'",
    "TIMESTAMP_LTZ_OUTPUT_FORMAT": "'MON DD'",
    "TIMESTAMP_TZ_OUTPUT_FORMAT": "'MON DD'",
    "TIMESTAMP_DAY_IS_ALWAYS_24H": "TRUE",
    "TWO_DIGIT_CENTURY_START": "2000",
    "BINARY_INPUT_FORMAT": "BASE64",
    "BINARY_OUTPUT_FORMAT": "BASE64",
    "QUOTED_IDENTIFIERS_IGNORE_CASE": "TRUE",
    "AUTOCOMMIT": "FALSE",
    "STRICT_JSON_OUTPUT": "TRUE",
    "JSON_INDENT": "0",
    "ROWS_PER_RESULTSET": "3",
    "MULTI_STATEMENT_COUNT": "0",
    "ERROR_ON_NONDETERMINISTIC_MERGE": "FALSE",
    "ERROR_ON_NONDETERMINISTIC_UPDATE": "TRUE",
    "UNSUPPORTED_DDL_ACTION": "FAIL",
}
LISTED = """
    SELECT stream_id, snapshot_at, started_at, tags, snapshot_at::DATE AS day, snapshot_at::TIME AS clock
    FROM STAGING.STG_TWITCH_STREAMS ORDER BY stream_id, snapshot_at
"""
LEDGERS = (BUILDS, CONSUMPTIONS, DISPLACED, LOADS, QUARANTINE, RECONCILIATION, SCHEMA_DRIFT, VALIDATION_RESULTS)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of three sources."""
    folder = tmp_path_factory.mktemp("world")
    for source in ("twitch", "billing", "livelogs"):
        (folder / source).mkdir()
    for turn in range(2):
        records = [stream(str(n), 10 * n + turn, game_id=f"g{n % 2}") for n in range(1, 5)]
        name = f"streams_{1_695_574_829_212 + turn * 900_000}.json"
        (folder / "twitch" / name).write_text(json.dumps({"data": records}))
    write_billing_deliveries(World(7, 1), folder / "billing", DEFAULT_START.date(), 2, customers=20)
    write_livelogs(World(7, 40), folder / "livelogs", DEFAULT_START)
    return folder


def told(snowcast, world: Path, database: str, sources: list[str], select: str) -> dict[str, object]:
    """Tables and ledgers of a database in which everything is done from the beginning.

    Nothing is landed yet: the first ingest would load, and check, what another database has landed of every source.
    """
    shutil.rmtree(load_settings().landing_root, ignore_errors=True)
    in_database = {"SNOWCAST_DATABASE": database}
    for source in sources:
        assert snowcast("ingest", source, "--from-files", str(world / source), **in_database).code in (0, 1)
    for command in (("build", "--select", select), ("validate", "--full", "--select", select), ("status",)):
        done = snowcast(*command, **in_database)
        assert done.code == 0, (command, done.out, done.err)
    listed = snowcast("sql", LISTED, **in_database)
    assert listed.code == 0, listed.err
    with open_session(load_settings()) as session:
        tables: dict[str, object] = {
            m.table.name: content(session, m.table.name) for m in select_models([select]) if m.build
        }
        tables |= {ledger.name: rows_of(read_table(session, ledger), *_said(ledger)) for ledger in LEDGERS}
    assert tables["stg_twitch_streams"]
    return {**tables, "sql": listed.out}


def _said(ledger: Table) -> list[str]:
    """Columns of a ledger but for ids of runs and builds, times and durations."""
    left_out = ("run_id", "build_id", "batch_id", "batches", "seconds")
    return [c.name for c in ledger.columns if c.type != TIMESTAMP and c.name not in left_out]


@pytest.mark.parametrize(
    ("sources", "select"),
    [
        pytest.param(["twitch"], "+fact_stream_snapshots", id="a few tables"),
        pytest.param(["twitch", "billing", "livelogs"], "staging+", id="every table", marks=pytest.mark.long),
    ],
)
def test_no_statement_stands_on_a_default_of_the_account(snowcast, world, request, sources, select):
    name = request.node.callspec.id.split()[-1].upper()
    usual = told(snowcast, world, f"USUAL_{name}", sources, select)
    stated = " ".join(f"{name} = {value}" for name, value in HOSTILE.items())
    with open_session(load_settings()) as session:
        session.sql(f"ALTER ACCOUNT SET {stated}").collect()
    try:
        hostile = told(snowcast, world, f"HOSTILE_{name}", sources, select)
    finally:
        with open_session(load_settings()) as session:
            session.sql(f"ALTER ACCOUNT UNSET {', '.join(HOSTILE)}").collect()
    assert {table for table in usual if usual[table] != hostile[table]} == set()


def test_every_parameter_that_a_login_states_has_a_hostile_value_here():
    assert set(HOSTILE) == set(SESSION_PARAMETERS)
