"""`snowcast deploy snowflake`: the plan of an empty, an applied and a drifted warehouse, and what it changes."""

from __future__ import annotations

import re

from flows.deploy.snowflake.declared import DeclaredGrant, read_declared
from flows.deploy.snowflake.deploy import plan_deployment
from flows.deploy.snowflake.statements import list_statements, render_statements
from flows.settings import load_settings
from flows.warehouse import open_session

DRIFT = (
    "ALTER WAREHOUSE SNOWCAST_WH SET WAREHOUSE_SIZE = LARGE",
    "REVOKE OPERATE ON WAREHOUSE SNOWCAST_WH FROM ROLE SNOWCAST_LOADER",
    "DROP ROLE SNOWCAST_PUBLISHER",
    "CREATE TABLE ANALYTICS.MARTS.HAND_MADE (A INT)",
    "REVOKE SELECT ON TABLE ANALYTICS.MARTS.HAND_MADE FROM ROLE SNOWCAST_READER",
    "GRANT DELETE ON FUTURE TABLES IN DATABASE ANALYTICS TO ROLE SNOWCAST_READER",
)
ALTERED = "~ warehouse SNOWCAST_WH: WAREHOUSE_SIZE is Large, declared is XSMALL"
LEFT = "! DELETE on FUTURE TABLES IN DATABASE ANALYTICS to SNOWCAST_READER: is declared nowhere"


def summaries() -> list[str]:
    return [f"{one.sign} {one.what}: {one.why}" for one in plan_deployment(load_settings())]


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
        ALTERED,
        "+ OPERATE on SNOWCAST_WH to SNOWCAST_LOADER: is not granted",
        f"+ SELECT on all tables in ANALYTICS to SNOWCAST_READER: is missing on 1 of {tables}: HAND_MADE",
        "+ INSERT on all tables in ANALYTICS.OPS to SNOWCAST_PUBLISHER: is not granted",
        "+ INSERT on future tables in ANALYTICS.OPS to SNOWCAST_PUBLISHER: is not granted",
        LEFT,
    ]

    assert snowcast("deploy", "snowflake").out.endswith("1 left to you\n")
    assert summaries() == [LEFT], "what is declared nowhere is told and stays"


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


def test_the_whole_sql_is_printed_without_a_login(snowcast):
    printed = snowcast("deploy", "snowflake", "--dry-run", SNOWCAST_WAREHOUSE="snowflake", SNOWCAST_CREDIT_QUOTA="7")
    assert printed.out == "".join(f"{one};\n" for one in render_statements(load_settings()))
    assert "CREDIT_QUOTA = 7 " in printed.out
    assert "<%" not in printed.out
    assert printed.out.index("CREATE SCHEMA IF NOT EXISTS ANALYTICS.OPS") < printed.out.index("ON ALL TABLES IN SCHEMA")


def test_it_is_taken_away_after_the_name_was_typed_only(snowcast, monkeypatch):
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "no")
    assert snowcast("deploy", "snowflake", "--teardown").out.endswith("Nothing was changed.\n")
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "ANALYTICS")
    torn = snowcast("deploy", "snowflake", "--teardown")
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
