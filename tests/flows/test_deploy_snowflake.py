"""`snowcast deploy snowflake`: the plan of an empty, an applied and a drifted warehouse, and what it changes."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot

from flows.deploy.snowflake.archive import name_archive
from flows.deploy.snowflake.declared import DeclaredGrant, DeclaredObject, read_declared
from flows.deploy.snowflake.deploy import list_dashboard_files, plan_deployment
from flows.deploy.snowflake.plan import make_plan
from flows.deploy.snowflake.present import Present
from flows.deploy.snowflake.statements import list_statements, render_statements
from flows.deploy.snowflake.tasks import read_task_objects
from flows.settings import Settings, load_settings
from flows.warehouse import open_session
from transforms.catalog import select_models

DRIFT = (
    "ALTER WAREHOUSE SNOWCAST_WH SET WAREHOUSE_SIZE = LARGE",
    "REVOKE OPERATE ON WAREHOUSE SNOWCAST_WH FROM ROLE SNOWCAST_LOADER",
    "ALTER RESOURCE MONITOR SNOWCAST_WH_MONITOR SET CREDIT_QUOTA = 50 TRIGGERS ON 80 PERCENT DO NOTIFY",
    "DROP ROLE SNOWCAST_PUBLISHER",
    "CREATE TABLE ANALYTICS.MARTS.HAND_MADE (A INT)",
    "REVOKE SELECT ON TABLE ANALYTICS.MARTS.HAND_MADE FROM ROLE SNOWCAST_READER",
    "GRANT DELETE ON FUTURE TABLES IN DATABASE ANALYTICS TO ROLE SNOWCAST_READER",
    "ALTER TABLE ANALYTICS.MARTS.FACT_GIFTS CLUSTER BY (GIFT_ID)",
    "CREATE OR REPLACE TABLE ANALYTICS.STAGING.STG_TWITCH_GAMES CLUSTER BY (SNAPSHOT_AT) "
    "AS SELECT * FROM ANALYTICS.STAGING.STG_TWITCH_GAMES",
)
ALTERED = "~ warehouse SNOWCAST_WH: WAREHOUSE_SIZE is Large, declared is XSMALL"
PERMANENT = "! tables: 1 are permanent, declared transient: ANALYTICS.STAGING.STG_TWITCH_GAMES"
LEFT = "! DELETE on FUTURE TABLES IN DATABASE ANALYTICS to SNOWCAST_READER: is declared nowhere"


TASK_DRIFT = (
    "REVOKE EXECUTE TASK ON ACCOUNT FROM ROLE SNOWCAST_LOADER",
    "DROP STREAM ANALYTICS.OPS.NEW_RAW_TWITCH_STREAMS",
    "CREATE OR REPLACE STREAM ANALYTICS.OPS.NEW_RAW_TWITCH_GAMES ON TABLE ANALYTICS.RAW.RAW_TWITCH_GAMES",
    "ALTER TASK ANALYTICS.OPS.ARRIVALS SUSPEND",
    "ALTER TASK ANALYTICS.OPS.BUILD_DIM_GAMES SUSPEND",
    "CREATE OR ALTER TASK ANALYTICS.OPS.BUILD_DIM_GAMES WAREHOUSE = SNOWCAST_WH "
    "AS CALL ANALYTICS.OPS.BUILD_TABLE('dim_games')",
    "CREATE TASK ANALYTICS.OPS.BUILD_GONE WAREHOUSE = SNOWCAST_WH AS CALL ANALYTICS.OPS.BUILD_TABLE('gone')",
)


def run_all(*statements: str) -> None:
    with open_session(load_settings()) as session:
        for statement in statements:
            session.sql(statement).collect()


def summaries(*, with_tasks: bool = False) -> list[str]:
    planned = plan_deployment(load_settings(), with_tasks=with_tasks)
    return [f"{one.sign} {one.what}: {one.why}" for one in planned]


def test_what_differs_is_planned_and_made_and_nothing_else(snowcast):
    planned = snowcast("deploy", "snowflake", "--plan")
    assert planned.code == 0
    assert re.search(r"\n\d+ to make\n$", planned.out)
    assert "+ role SNOWCAST_OWNER: is not there\n" in planned.out
    assert "schema ANALYTICS.RAW" not in planned.out, "a prepared warehouse has its schemas"
    assert summaries(), "a plan changes nothing"

    applied = snowcast("deploy", "snowflake")
    assert applied.out.endswith("Everything is in place.\n")
    assert snowcast("deploy", "snowflake", "--plan").out == "Everything is in place.\n"
    assert snowcast("deploy", "snowflake").out == "Everything is in place.\n"

    with open_session(load_settings()) as session:
        for statement in DRIFT:
            session.sql(statement).collect()
        tables = len(session.sql("SHOW TABLES IN DATABASE ANALYTICS").collect())
    assert summaries() == [
        "+ role SNOWCAST_PUBLISHER: is not there",
        "+ USAGE on SNOWCAST_READER to SNOWCAST_PUBLISHER: is not granted",
        "+ USAGE on SNOWCAST_PUBLISHER to SNOWCAST_LOADER: is not granted",
        "~ resource monitor SNOWCAST_WH_MONITOR: TRIGGERS is ON 80 PERCENT DO NOTIFY, "
        "declared is ON 80 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND",
        ALTERED,
        "+ OPERATE on SNOWCAST_WH to SNOWCAST_LOADER: is not granted",
        f"+ SELECT on all tables in ANALYTICS to SNOWCAST_READER: is missing on 1 of {tables}: HAND_MADE",
        "+ INSERT on all tables in ANALYTICS.OPS to SNOWCAST_PUBLISHER: is not granted",
        "+ INSERT on future tables in ANALYTICS.OPS to SNOWCAST_PUBLISHER: is not granted",
        "~ table ANALYTICS.MARTS.FACT_GIFTS: is clustered by LINEAR(GIFT_ID), declared is gifted_at",
        PERMANENT,
        LEFT,
    ]

    assert snowcast("deploy", "snowflake").out.endswith("2 left to you\n")
    run_all(
        "CREATE OR REPLACE TRANSIENT TABLE ANALYTICS.STAGING.STG_TWITCH_GAMES CLUSTER BY (SNAPSHOT_AT) "
        "AS SELECT * FROM ANALYTICS.STAGING.STG_TWITCH_GAMES"
    )
    assert summaries() == [LEFT], "what is declared nowhere is told and stays"


def test_builds_are_scheduled_inside_snowflake(snowcast):
    run_all("REVOKE DELETE ON FUTURE TABLES IN DATABASE ANALYTICS FROM ROLE SNOWCAST_READER")
    built = [model.table.name for model in select_models() if model.build]
    planned = snowcast("deploy", "snowflake", "--with-tasks", "--plan").out
    assert planned.count("+ task ") == len(built) + 1
    assert "+ EXECUTE TASK on the account to SNOWCAST_LOADER: is not granted" in planned
    assert "+ procedure ANALYTICS.OPS.BUILD_TABLE: is not there" in planned

    snowcast("deploy", "snowflake", "--with-tasks")
    assert summaries(with_tasks=True) == [], "a second time changes nothing"
    with open_session(load_settings()) as session:
        archive = name_archive(load_settings())
        assert [row["name"].rpartition("/")[2] for row in session.sql("LIST @ANALYTICS.OPS.CODE").collect()] == [
            archive
        ]
        assert {row["state"] for row in session.sql("SHOW TASKS IN DATABASE ANALYTICS").collect()} == {"started"}
    run_all(*TASK_DRIFT)
    assert summaries(with_tasks=True) == [
        "+ EXECUTE TASK on the account to SNOWCAST_LOADER: is not granted",
        "+ stream ANALYTICS.OPS.NEW_RAW_TWITCH_STREAMS: is not there",
        "~ task ANALYTICS.OPS.BUILD_DIM_GAMES: PREDECESSORS is [], declared is "
        + '["ANALYTICS.OPS.BUILD_STG_STREAM_SAMPLES", "ANALYTICS.OPS.BU…',
        "~ tasks behind ANALYTICS.OPS.ARRIVALS: are not all started",
        "! stream ANALYTICS.OPS.NEW_RAW_TWITCH_GAMES: MODE is DEFAULT, declared is APPEND_ONLY; "
        "once it is dropped, deploy again",
        "! task ANALYTICS.OPS.BUILD_GONE: builds no table of the catalog",
    ]
    assert re.findall(r"^[+~!] [^:\n]*", snowcast("deploy", "snowflake", "--with-tasks").out, re.MULTILINE)[-1:] == [
        "! task ANALYTICS.OPS.BUILD_GONE"
    ]
    changed = snowcast("deploy", "snowflake", "--with-tasks", "--plan", SNOWCAST_POINT_VALUE="0.25").out
    assert re.findall(r"^[+~] [^:\n]*", changed, re.MULTILINE) == ["~ procedure ANALYTICS.OPS.BUILD_TABLE"], changed
    run_all("GRANT DELETE ON FUTURE TABLES IN DATABASE ANALYTICS TO ROLE SNOWCAST_READER")


def test_a_place_outside_brings_its_integration_stage_and_grants(snowcast):
    place = {
        "SNOWCAST_LANDING": "s3://landing/snowcast",
        "SNOWCAST_S3_INTEGRATION": "SNOWCAST_S3",
        "SNOWCAST_S3_ROLE_ARN": "arn:aws:iam::000000000000:role/reads",
    }
    assert snowcast("deploy", "snowflake").out.endswith("1 left to you\n")
    planned = snowcast("deploy", "snowflake", "--plan", **place)
    assert [line.partition(":")[0] for line in planned.out.splitlines() if line[0] in "+~"] == [
        "+ storage integration SNOWCAST_S3",
        "+ USAGE on SNOWCAST_S3 to SNOWCAST_LOADER",
        "+ stage ANALYTICS.RAW.LANDING_S3_C7E8DB50",
        "+ CREATE PIPE on ANALYTICS.RAW to SNOWCAST_LOADER",
        "+ READ on all stages in ANALYTICS to SNOWCAST_LOADER",
    ]
    assert snowcast("deploy", "snowflake", **place).out.endswith("1 left to you\n")
    assert summaries() == [LEFT], "the same place again changes nothing"
    run_all("ALTER STORAGE INTEGRATION SNOWCAST_S3 SET STORAGE_ALLOWED_LOCATIONS = ('s3://landing/other/')")
    others = "! storage integration SNOWCAST_S3: STORAGE_ALLOWED_LOCATIONS has s3://landing/other/, declared nowhere"
    lacking = "~ storage integration SNOWCAST_S3: STORAGE_ALLOWED_LOCATIONS lacks s3://landing/snowcast/"
    assert summaries() == [lacking, others, LEFT]
    again = snowcast("deploy", "snowflake", **place).out
    assert re.findall("^[+~!].*", again, re.MULTILINE) == [lacking.partition(":")[0], others, LEFT]


def test_the_whole_sql_is_printed_without_a_login(snowcast):
    printed = snowcast("deploy", "snowflake", "--dry-run", SNOWCAST_WAREHOUSE="snowflake", SNOWCAST_CREDIT_QUOTA="7")
    assert printed.out == "".join(f"{one};\n" for one in render_statements(load_settings()))
    assert "CREDIT_QUOTA = 7 " in printed.out
    assert "<%" not in printed.out
    assert printed.out.index("CREATE SCHEMA IF NOT EXISTS ANALYTICS.OPS") < printed.out.index("ON ALL TABLES IN SCHEMA")


def test_statements_of_tasks_are_snowflakes(snowcast):
    printed = snowcast("deploy", "snowflake", "--dry-run", "--with-tasks").out
    kinds = {"TASK": 0, "STREAM": 0, "PROCEDURE": 0, "PUT": 0}
    for statement in printed.split(";\n"):
        for kind in kinds:
            kinds[kind] += bool(re.match(rf"(CREATE (OR \w+ )?)?{kind} ", statement))
    made_of = [model.build is not None for model in select_models()]
    assert kinds == {"TASK": 1 + sum(made_of), "STREAM": made_of.count(False), "PROCEDURE": 1, "PUT": 1}
    before: set[str] = set()
    for task, after in re.findall(r"CREATE OR ALTER TASK (\S+) .*?(?: AFTER (.*?))? AS ", printed):
        assert set(filter(None, after.split(", "))) <= before, "a task comes after those that it waits for"
        before.add(task)
    (taken,) = re.findall(r" AS (INSERT INTO .*);", printed)
    assert len(list(sqlglot.parse_one(taken, dialect="snowflake").find_all(sqlglot.exp.Select))) == made_of.count(False)


def test_it_is_taken_away_after_the_name_was_typed_only(snowcast, monkeypatch):
    both = snowcast("deploy", "snowflake", "--plan", "--teardown")
    assert (both.code, "--plan and --teardown are two things" in both.err) == (2, True), both.err
    monkeypatch.setattr("sys.stdin", io.StringIO())
    unanswered = snowcast("deploy", "snowflake", "--teardown")
    assert (unanswered.code, unanswered.err) == (0, "")
    assert unanswered.out.endswith("\nNothing was changed.\n")
    dropped = [line for line in unanswered.out.splitlines() if line.startswith("- ")]
    assert len(dropped) == len(set(dropped)) > 0
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "no")
    assert snowcast("deploy", "snowflake", "--teardown").out.endswith("Nothing was changed.\n")
    printed = snowcast("deploy", "snowflake", "--teardown", "--dry-run").out
    assert "DROP DATABASE IF EXISTS ANALYTICS;  -- as ACCOUNTADMIN\n" in printed
    assert "CREATE" not in printed
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "ANALYTICS")
    torn = snowcast("deploy", "snowflake", "--teardown", "--with-tasks")
    assert "- DROP TASK IF EXISTS ANALYTICS.OPS.BUILD_DIM_GAMES\n" in torn.out
    assert torn.out.endswith("ANALYTICS and what belongs to it are gone.\n")
    with open_session(load_settings()) as session:
        assert [row["name"] for row in session.sql("SHOW ROLES LIKE 'SNOWCAST%'").collect()] == []


def test_each_statement_of_the_scripts_is_understood():
    declared = read_declared(load_settings())
    assert {one.statement for one in declared} == {statement for _, statement in list_statements(load_settings())}
    granted = {(one.privilege, one.scope, one.kind, one.grantee) for one in declared if isinstance(one, DeclaredGrant)}
    assert ("CREATE FILE FORMAT", "FUTURE", "SCHEMA", "SNOWCAST_LOADER") in granted
    assert ("WRITE", "ALL", "STAGE", "SNOWCAST_LOADER") in granted
    assert ("USAGE", "ONE", "ROLE", "SNOWCAST_SERVICE") in granted


def test_each_role_is_allowed_what_it_is_for_and_no_more():
    declared = [*read_declared(load_settings()), *read_task_objects(load_settings())]
    grants = [one for one in declared if isinstance(one, DeclaredGrant) and one.kind != "ROLE"]
    may = {role: {one.privilege for one in grants if one.grantee == role} for role in {one.grantee for one in grants}}
    writes = {one.name for one in grants if one.grantee == "SNOWCAST_PUBLISHER"}
    assert may == {
        "SNOWCAST_READER": {"SELECT", "USAGE"},
        "SNOWCAST_PUBLISHER": {"INSERT", "UPDATE"},
        "SNOWCAST_LOADER": {
            *("SELECT", "INSERT", "UPDATE", "DELETE", "USAGE", "READ", "WRITE", "OPERATE", "EXECUTE TASK"),
            *("CREATE SCHEMA", "CREATE TABLE", "CREATE VIEW", "CREATE STAGE", "CREATE FILE FORMAT"),
            *("CREATE TASK", "CREATE STREAM", "CREATE PROCEDURE"),
        },
        "SNOWCAST_OWNER": {"OWNERSHIP"},
    }
    assert writes == {"ANALYTICS.OPS"}, "who publishes writes ledgers only"
    monitor = next(one.statement for one in declared if one.kind == "RESOURCE MONITOR")
    assert monitor.endswith("TRIGGERS ON 80 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND")


@pytest.fixture
def of_dashboard(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an account in which the dashboard runs."""
    monkeypatch.setenv("SNOWCAST_WAREHOUSE", "snowflake")
    monkeypatch.setenv("SNOWCAST_DASHBOARD_COMPUTE_POOL", "PAGES")
    monkeypatch.setenv("SNOWCAST_DASHBOARD_PACKAGES_INTEGRATION", "PYPI")
    return load_settings()


def test_the_dashboard_is_declared_with_its_warehouse_and_runtime(of_dashboard: Settings):
    declared = read_declared(of_dashboard)
    assert {one.statement for one in declared} == {statement for _, statement in list_statements(of_dashboard)}
    objects = {one.kind: one for one in declared if isinstance(one, DeclaredObject)}
    assert objects["COMPUTE POOL"].name == "PAGES"
    app = objects["STREAMLIT"]
    assert (app.name, app.role) == ("ANALYTICS.APPS.DASHBOARD", "SNOWCAST_OWNER")
    wanted = {"QUERY_WAREHOUSE": "SNOWCAST_WH", "COMPUTE_POOL": "PAGES", "MAIN_FILE": "streamlit_app.py"}
    assert wanted.items() <= app.properties.items()
    assert app.properties["RUNTIME_NAME"].startswith("SYSTEM$ST_CONTAINER_RUNTIME")
    parsed = [sqlglot.parse_one(one.statement, dialect="snowflake") for one in declared]
    assert all(parsed)


def test_a_dashboard_that_asks_another_warehouse_is_changed(of_dashboard: Settings):
    declared = [one for one in read_declared(of_dashboard) if one.kind in ("COMPUTE POOL", "STREAMLIT")]
    app = {"query_warehouse": "OTHER", "title": "Snowcast"}
    there = Present(objects={"STREAMLIT": {"ANALYTICS.APPS.DASHBOARD": app}})
    changes = [(change.sign, change.statement) for change in make_plan(declared, there)]
    assert ("~", "ALTER STREAMLIT ANALYTICS.APPS.DASHBOARD SET QUERY_WAREHOUSE = SNOWCAST_WH") in changes
    assert [sign for sign, statement in changes if statement.startswith("CREATE COMPUTE POOL")] == ["+"]


def test_the_files_of_the_dashboard_start_it(tmp_path: Path):
    """The files as they lie on the stage, and nothing else of the project."""
    for file, folder in list_dashboard_files():
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tmp_path / folder)
    program = (
        "from streamlit.testing.v1 import AppTest\n"
        "test = AppTest.from_file('streamlit_app.py', default_timeout=120).run()\n"
        "print(test.title[0].value if test.title else test.exception[0].message)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    assert done.stdout.splitlines()[-1] == "Live", done.stdout + done.stderr  # and says that it has no login


def test_where_streamlit_cannot_run_the_dashboard_is_not_deployed(snowcast):
    told = {"SNOWCAST_DASHBOARD_COMPUTE_POOL": "PAGES", "SNOWCAST_DASHBOARD_PACKAGES_INTEGRATION": "PYPI"}
    refused = snowcast("deploy", "snowflake", "--plan", **told)
    assert refused.code == 2
    assert "`snowcast dashboard` serves the pages here" in refused.err
