"""`snowcast deploy snowflake`: the plan of an empty, an applied and a drifted warehouse, and what it changes."""

from __future__ import annotations

import io
import re

import sqlglot

from flows.deploy.snowflake.deploy import plan_deployment
from flows.deploy.snowflake.statements import render_statements
from flows.deploy.snowflake.tasks import name_archive
from flows.settings import load_settings
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


def test_where_streamlit_cannot_run_the_dashboard_is_not_deployed(snowcast):
    told = {"SNOWCAST_DASHBOARD_COMPUTE_POOL": "PAGES", "SNOWCAST_DASHBOARD_PACKAGES_INTEGRATION": "PYPI"}
    refused = snowcast("deploy", "snowflake", "--plan", **told)
    assert refused.code == 2
    assert "`snowcast dashboard` serves the pages here" in refused.err
