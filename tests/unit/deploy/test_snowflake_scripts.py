"""What the scripts of deployments/snowflake declare: statements that a plan understands, roles, the dashboard."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot

from flows.deploy.snowflake.declared import DeclaredGrant, DeclaredObject, read_declared
from flows.deploy.snowflake.deploy import list_dashboard_files
from flows.deploy.snowflake.plan import make_plan
from flows.deploy.snowflake.present import Present
from flows.deploy.snowflake.statements import list_statements
from flows.deploy.snowflake.tasks import read_task_objects
from flows.settings import Settings, load_settings


@pytest.fixture
def inside(tmp_path: Path) -> Settings:
    """Settings whose landing files stay in the warehouse, without a dashboard in the account."""
    return load_settings(home=tmp_path)


def test_each_statement_of_the_scripts_is_understood(inside: Settings):
    declared = read_declared(inside)
    assert {one.statement for one in declared} == {statement for _, statement in list_statements(inside)}
    granted = {(one.privilege, one.scope, one.kind, one.grantee) for one in declared if isinstance(one, DeclaredGrant)}
    assert ("CREATE FILE FORMAT", "FUTURE", "SCHEMA", "SNOWCAST_LOADER") in granted
    assert ("WRITE", "ALL", "STAGE", "SNOWCAST_LOADER") in granted
    assert ("USAGE", "ONE", "ROLE", "SNOWCAST_SERVICE") in granted


def test_each_role_is_allowed_what_it_is_for_and_no_more(inside: Settings):
    declared = [*read_declared(inside), *read_task_objects(inside)]
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
def of_dashboard(tmp_path: Path) -> Settings:
    """Settings of an account in which the dashboard runs."""
    given = {"dashboard_compute_pool": "PAGES", "dashboard_packages_integration": "PYPI"}
    return load_settings(home=tmp_path, warehouse="snowflake", **given)


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
