"""The whole pipeline against an account: from the simulated sources to checked marts, and once more."""

from __future__ import annotations

import json
import os

import pytest

from flows.deploy.snowflake.procedure import build_with
from flows.deploy.snowflake.tasks import read_task_objects, write_archive
from flows.settings import load_settings, make_parameters
from flows.warehouse import open_session
from transforms.engine.stored import list_tables

pytestmark = [pytest.mark.live, pytest.mark.timeout(1800)]
UNACCOUNTED = """
    SELECT table_name, raw_rows, staged_rows, quarantined_rows, superseded_rows FROM OPS.RECONCILIATION
    WHERE raw_rows <> staged_rows + quarantined_rows + superseded_rows
"""
COUNTS = "SELECT COUNT(*) AS n, COUNT(DISTINCT stream_snapshot_key) AS keys FROM MARTS.FACT_STREAM_SNAPSHOTS"


def ask(snowcast, statement: str) -> list[dict[str, object]]:
    answered = snowcast("sql", statement, "--format", "json")
    assert answered.code == 0, answered.err
    return list(json.loads(answered.out))


def test_the_login_is_in_order(snowcast):
    checks = {one["check"]: one for one in json.loads(snowcast("doctor", "--json").out)}
    assert checks["warehouse"]["state"] != "fail", checks["warehouse"]


def test_a_run_goes_from_the_sources_to_checked_marts(snowcast):
    done = snowcast("run")
    assert done.code == 0, done.out + done.err
    first = ask(snowcast, COUNTS)[0]
    assert first["N"] == first["KEYS"] != 0
    assert ask(snowcast, UNACCOUNTED) == []
    failed = "SELECT table_name, rule FROM OPS.VALIDATION_RESULTS WHERE NOT success AND severity = 'critical'"
    assert ask(snowcast, failed) == []


def test_the_same_again_changes_what_is_new_only(snowcast):
    before = ask(snowcast, COUNTS)[0]
    assert snowcast("build").code == 0
    assert ask(snowcast, COUNTS)[0] == before
    done = snowcast("run")
    assert done.code == 0, done.out + done.err
    after = ask(snowcast, COUNTS)[0]
    assert after["N"] == after["KEYS"] > before["N"]
    assert ask(snowcast, UNACCOUNTED) == []


def test_tables_are_kept_as_declared(snowcast):
    with open_session(load_settings()) as session:
        shown = {
            row["name"]: row for row in session.sql(f"SHOW TABLES IN DATABASE {load_settings().database}").collect()
        }
    for table in [one for one in list_tables() if not one.is_view]:
        row = shown[table.name.upper()]
        assert row["kind"] == ("TRANSIENT" if table.is_transient else "TABLE"), table.name
        assert row["cluster_by"].upper() == (f"LINEAR({table.cluster_by})".upper() if table.cluster_by else "")


def test_the_handler_of_the_procedure_finds_nothing_new_after_a_run(snowcast):
    settings = load_settings()
    with open_session(settings) as session:
        assert build_with(session, "fact_stream_snapshots", make_parameters(settings)) == "nothing new"


@pytest.mark.skipif(os.environ.get("SNOWFLAKE_PROTOCOL") == "http", reason="a local endpoint runs no procedures")
def test_the_procedure_runs_in_the_account(snowcast):
    settings = load_settings()
    place = f"{settings.database}.OPS"
    made = next(one for one in read_task_objects(settings) if getattr(one, "kind", "") == "PROCEDURE")
    with open_session(settings) as session:
        session.sql(f"CREATE STAGE IF NOT EXISTS {place}.CODE").collect()
        session.file.put(str(write_archive(settings)), f"@{place}.CODE", auto_compress=False)
        session.sql(made.statement).collect()
        told = session.sql(f"CALL {place}.BUILD_TABLE('fact_stream_snapshots')").collect()
    assert told[0][0] == "nothing new"
