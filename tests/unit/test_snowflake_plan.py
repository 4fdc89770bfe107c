"""The plan of `snowcast deploy snowflake`: an account in which everything is in place, and one difference at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snowflake.snowpark import Row

from flows.deploy.snowflake.declared import Declared, DeclaredGrant, DeclaredObject, read_declared
from flows.deploy.snowflake.plan import Change, make_plan
from flows.deploy.snowflake.present import Present, read_present
from flows.deploy.snowflake.tasks import read_task_grants, read_task_objects
from flows.settings import Settings, load_settings

ACCOUNT = {
    "warehouse": "snowflake",
    "landing": "s3://landing/snowcast",
    "s3_integration": "SNOWCAST_S3",
    "s3_role_arn": "arn:aws:iam::000000000000:role/reads",
    "dashboard_compute_pool": "PAGES",
    "dashboard_packages_integration": "PYPI",
}
STAGE, ROOT = "ANALYTICS.RAW.LANDING_S3_C7E8DB50", "ANALYTICS.OPS.ARRIVALS"
GAMES = "ANALYTICS.OPS.BUILD_DIM_GAMES"
# What SHOW tells of each kind, spelled as Snowflake spells it.
SHOWN = {
    "WAREHOUSE": {
        "size": "X-Small",
        "auto_suspend": "60",
        "auto_resume": "true",
        "resource_monitor": "SNOWCAST_WH_MONITOR",
        "comment": "Snowcast flows",
    },
    "RESOURCE MONITOR": {"credit_quota": "50.00", "frequency": "MONTHLY"},
    "USER": {
        "type": "SERVICE",
        "default_role": "SNOWCAST_LOADER",
        "default_warehouse": "SNOWCAST_WH",
        "comment": "Snowcast flows",
    },
    "STORAGE INTEGRATION": {"enabled": "true"},
    "FILE FORMAT": {"type": "JSON"},
    "COMPUTE POOL": {"max_nodes": "1", "comment": "Snowcast dashboard"},
    "STREAMLIT": {"query_warehouse": "SNOWCAST_WH", "title": "Snowcast"},
}
# Kind, object, column of SHOW and what it tells instead; the change: sign, why, role, statement.
CHANGED = {
    "size": (
        ("WAREHOUSE", "SNOWCAST_WH", "size", "Large"),
        ("~", "WAREHOUSE_SIZE is Large, declared is XSMALL", "ACCOUNTADMIN"),
        "ALTER WAREHOUSE SNOWCAST_WH SET WAREHOUSE_SIZE = XSMALL",
    ),
    "pause until sleep": (
        ("WAREHOUSE", "SNOWCAST_WH", "auto_suspend", "600"),
        ("~", "AUTO_SUSPEND is 600, declared is 60", "ACCOUNTADMIN"),
        "ALTER WAREHOUSE SNOWCAST_WH SET AUTO_SUSPEND = 60",
    ),
    "waking up": (
        ("WAREHOUSE", "SNOWCAST_WH", "auto_resume", "false"),
        ("~", "AUTO_RESUME is false, declared is TRUE", "ACCOUNTADMIN"),
        "ALTER WAREHOUSE SNOWCAST_WH SET AUTO_RESUME = TRUE",
    ),
    "no monitor": (
        ("WAREHOUSE", "SNOWCAST_WH", "resource_monitor", "null"),
        ("~", "RESOURCE_MONITOR is null, declared is SNOWCAST_WH_MONITOR", "ACCOUNTADMIN"),
        "ALTER WAREHOUSE SNOWCAST_WH SET RESOURCE_MONITOR = SNOWCAST_WH_MONITOR",
    ),
    "case of a comment": (
        ("WAREHOUSE", "SNOWCAST_WH", "comment", "snowcast flows"),
        ("~", "COMMENT is snowcast flows, declared is Snowcast flows", "ACCOUNTADMIN"),
        "ALTER WAREHOUSE SNOWCAST_WH SET COMMENT = 'Snowcast flows'",
    ),
    "quota": (
        ("RESOURCE MONITOR", "SNOWCAST_WH_MONITOR", "credit_quota", "40.00"),
        ("~", "CREDIT_QUOTA is 40.00, declared is 50", "ACCOUNTADMIN"),
        "ALTER RESOURCE MONITOR SNOWCAST_WH_MONITOR SET CREDIT_QUOTA = 50",
    ),
    "frequency": (
        ("RESOURCE MONITOR", "SNOWCAST_WH_MONITOR", "frequency", "DAILY"),
        ("~", "FREQUENCY is DAILY, declared is MONTHLY", "ACCOUNTADMIN"),
        "ALTER RESOURCE MONITOR SNOWCAST_WH_MONITOR SET FREQUENCY = MONTHLY START_TIMESTAMP = IMMEDIATELY",
    ),
    "comment of a role": (
        ("ROLE", "SNOWCAST_READER", "comment", ""),
        ("~", "COMMENT is not set, declared is Reads the marts", "USERADMIN"),
        "ALTER ROLE SNOWCAST_READER SET COMMENT = 'Reads the marts'",
    ),
    "type of the user": (
        ("USER", "SNOWCAST_SERVICE", "type", "PERSON"),
        ("~", "TYPE is PERSON, declared is SERVICE", "USERADMIN"),
        "ALTER USER SNOWCAST_SERVICE SET TYPE = SERVICE",
    ),
    "role of the user": (
        ("USER", "SNOWCAST_SERVICE", "default_role", ""),
        ("~", "DEFAULT_ROLE is not set, declared is SNOWCAST_LOADER", "USERADMIN"),
        "ALTER USER SNOWCAST_SERVICE SET DEFAULT_ROLE = SNOWCAST_LOADER",
    ),
    "warehouse of the user": (
        ("USER", "SNOWCAST_SERVICE", "default_warehouse", "OTHER"),
        ("~", "DEFAULT_WAREHOUSE is OTHER, declared is SNOWCAST_WH", "USERADMIN"),
        "ALTER USER SNOWCAST_SERVICE SET DEFAULT_WAREHOUSE = SNOWCAST_WH",
    ),
    "integration": (
        ("STORAGE INTEGRATION", "SNOWCAST_S3", "enabled", "false"),
        ("~", "ENABLED is false, declared is TRUE", "ACCOUNTADMIN"),
        "ALTER STORAGE INTEGRATION SNOWCAST_S3 SET ENABLED = TRUE",
    ),
    "file format": (
        ("FILE FORMAT", "ANALYTICS.RAW.NDJSON_GZ", "type", "CSV"),
        ("!", "TYPE is CSV, declared is JSON; once it is dropped, deploy again", "SNOWCAST_OWNER"),
        "DROP FILE FORMAT ANALYTICS.RAW.NDJSON_GZ",
    ),
    "place of a stage": (
        ("STAGE", STAGE, "url", "s3://landing/other"),
        ("!", "URL is s3://landing/other, declared is s3://landing/snowcast/", "SNOWCAST_OWNER"),
        f"ALTER STAGE {STAGE} SET URL = 's3://landing/snowcast/'",
    ),
    "integration of a stage": (
        ("STAGE", STAGE, "storage_integration", "OTHER"),
        ("!", "STORAGE_INTEGRATION is OTHER, declared is SNOWCAST_S3", "SNOWCAST_OWNER"),
        f"ALTER STAGE {STAGE} SET STORAGE_INTEGRATION = SNOWCAST_S3",
    ),
    "nodes": (
        ("COMPUTE POOL", "PAGES", "max_nodes", "3"),
        ("~", "MAX_NODES is 3, declared is 1", "ACCOUNTADMIN"),
        "ALTER COMPUTE POOL PAGES SET MAX_NODES = 1",
    ),
    "title": (
        ("STREAMLIT", "ANALYTICS.APPS.DASHBOARD", "title", "Other"),
        ("~", "TITLE is Other, declared is Snowcast", "SNOWCAST_OWNER"),
        "ALTER STREAMLIT ANALYTICS.APPS.DASHBOARD SET TITLE = 'Snowcast'",
    ),
    "table of a stream": (
        ("STREAM", "ANALYTICS.OPS.NEW_RAW_TWITCH_GAMES", "table_name", "ANALYTICS.RAW.OTHER"),
        (
            "!",
            "TABLE_NAME is ANALYTICS.RAW.OTHER, declared is ANALYTICS.RAW.RAW_TWITCH_GAMES; "
            "once it is dropped, deploy again",
            "SNOWCAST_LOADER",
        ),
        "DROP STREAM ANALYTICS.OPS.NEW_RAW_TWITCH_GAMES",
    ),
}
# Kind, object, column, what it tells: the object's own statement makes it again.
MADE_AGAIN = {
    "code": ("PROCEDURE", "ANALYTICS.OPS.BUILD_TABLE", "description", "snowcast_0.zip"),
    "warehouse of a task": ("TASK", GAMES, "warehouse", "OTHER"),
    "condition of the root": ("TASK", ROOT, "condition", "SYSTEM$STREAM_HAS_DATA('X')"),
    "what a task runs": ("TASK", GAMES, "definition", "SELECT 1"),
    "what a task waits for": ("TASK", GAMES, "predecessors", "[]"),
    "how often the root runs": ("TASK", ROOT, "comment", ""),
}
# Grants that are not held, each with whether on future objects: the change's words and reason.
LACKING = {
    "of one": (
        ("SNOWCAST_LOADER", False, ("OPERATE", "WAREHOUSE", "SNOWCAST_WH")),
        ("OPERATE on SNOWCAST_WH to SNOWCAST_LOADER", "is not granted", "ACCOUNTADMIN"),
        "GRANT OPERATE ON WAREHOUSE SNOWCAST_WH TO ROLE SNOWCAST_LOADER",
    ),
    "of a role": (
        ("SNOWCAST_OWNER", False, ("USAGE", "ROLE", "SNOWCAST_LOADER")),
        ("USAGE on SNOWCAST_LOADER to SNOWCAST_OWNER", "is not granted", "SECURITYADMIN"),
        "GRANT ROLE SNOWCAST_LOADER TO ROLE SNOWCAST_OWNER",
    ),
    "of the account": (
        ("SNOWCAST_LOADER", False, ("EXECUTE TASK", "ACCOUNT", "")),
        ("EXECUTE TASK on the account to SNOWCAST_LOADER", "is not granted", "ACCOUNTADMIN"),
        "GRANT EXECUTE TASK ON ACCOUNT TO ROLE SNOWCAST_LOADER",
    ),
    "of all": (
        ("SNOWCAST_READER", False, ("USAGE", "SCHEMA", "ANALYTICS.OPS")),
        ("USAGE on all schemas in ANALYTICS to SNOWCAST_READER", "is missing on 1 of 8: OPS", "SECURITYADMIN"),
        "GRANT USAGE ON ALL SCHEMAS IN DATABASE ANALYTICS TO ROLE SNOWCAST_READER",
    ),
    "of what will be": (
        ("SNOWCAST_READER", True, ("SELECT", "VIEW", "ANALYTICS")),
        ("SELECT on future views in ANALYTICS to SNOWCAST_READER", "is not granted", "SECURITYADMIN"),
        "GRANT SELECT ON FUTURE VIEWS IN DATABASE ANALYTICS TO ROLE SNOWCAST_READER",
    ),
    "one of a statement's": (
        ("SNOWCAST_LOADER", True, ("WRITE", "STAGE", "ANALYTICS")),
        ("WRITE on future stages in ANALYTICS to SNOWCAST_LOADER", "is not granted", "SECURITYADMIN"),
        "GRANT READ, WRITE ON FUTURE STAGES IN DATABASE ANALYTICS TO ROLE SNOWCAST_LOADER",
    ),
}
# Grants beyond what is declared: they are told, with what takes them away.
BEYOND = {
    "on one": (
        ("SNOWCAST_READER", False, ("DELETE", "TABLE", "ANALYTICS.OPS.RUNS")),
        "DELETE on TABLE ANALYTICS.OPS.RUNS to SNOWCAST_READER",
        "REVOKE DELETE ON TABLE ANALYTICS.OPS.RUNS FROM ROLE SNOWCAST_READER",
    ),
    "on what will be in a schema": (
        ("SNOWCAST_READER", True, ("DELETE", "TABLE", "ANALYTICS.OPS")),
        "DELETE on FUTURE TABLES IN SCHEMA ANALYTICS.OPS to SNOWCAST_READER",
        "REVOKE DELETE ON FUTURE TABLES IN SCHEMA ANALYTICS.OPS FROM ROLE SNOWCAST_READER",
    ),
    "on what will be in the database": (
        ("SNOWCAST_READER", True, ("DELETE", "TABLE", "ANALYTICS")),
        "DELETE on FUTURE TABLES IN DATABASE ANALYTICS to SNOWCAST_READER",
        "REVOKE DELETE ON FUTURE TABLES IN DATABASE ANALYTICS FROM ROLE SNOWCAST_READER",
    ),
    "of a role": (
        ("SNOWCAST_READER", False, ("USAGE", "ROLE", "SYSADMIN")),
        "USAGE on ROLE SYSADMIN to SNOWCAST_READER",
        "REVOKE ROLE SYSADMIN FROM ROLE SNOWCAST_READER",
    ),
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An account with S3, tasks and the dashboard; nothing is logged in to."""
    return load_settings(home=Path(tmp_path_factory.mktemp("home")), **ACCOUNT)


@pytest.fixture(scope="module")
def declared(settings: Settings) -> list[Declared]:
    tasks = read_task_objects(settings)
    return list(dict.fromkeys([*read_declared(settings), *tasks]))


@pytest.fixture
def present(declared: list[Declared]) -> Present:
    """What SHOW tells once all of it is in place."""
    objects = [one for one in declared if isinstance(one, DeclaredObject)]
    found = Present()
    for one in objects:
        told = {name.lower(): value for name, value in one.properties.items()} | SHOWN.get(one.kind, {})
        found.objects.setdefault(one.kind, {})[one.name] = told | {"description": one.properties.get("COMMENT", "")}
    for grant in declared:
        if isinstance(grant, DeclaredGrant):
            have = found.granted_on_future if grant.scope == "FUTURE" else found.granted
            held = have.setdefault((grant.to, grant.grantee), set())
            held |= {(grant.privilege, grant.kind, name) for name in reached(grant, found)}
    return found


def reached(grant: DeclaredGrant, present: Present) -> Iterator[str]:
    if grant.scope != "ALL":
        yield grant.name
        return
    yield from (name for name in present.objects.get(grant.kind, {}) if name.startswith(grant.name + "."))


def statement_of(name: str, declared: list[Declared]) -> str:
    return next(one.statement for one in declared if isinstance(one, DeclaredObject) and one.name == name)


def test_where_everything_is_in_place_nothing_is_planned(declared: list[Declared], present: Present):
    assert make_plan(declared, present) == []


@pytest.mark.parametrize(("there", "change", "statement"), CHANGED.values(), ids=CHANGED)
def test_a_property_that_differs_is_set_or_told(declared, present, there, change, statement):
    kind, name, column, value = there
    sign, why, role = change
    present.objects[kind][name][column] = value
    assert make_plan(declared, present) == [Change(sign, f"{kind.lower()} {name}", why, role, statement)]


@pytest.mark.parametrize("there", MADE_AGAIN.values(), ids=MADE_AGAIN)
def test_what_its_own_statement_changes_is_made_again(declared, present, there):
    kind, name, column, value = there
    present.objects[kind][name][column] = value
    (change,) = make_plan(declared, present)
    assert (change.sign, change.what, change.role) == ("~", f"{kind.lower()} {name}", "SNOWCAST_LOADER")
    assert change.statement == statement_of(name, declared)
    assert f" is {value[:60] or 'not set'}, declared is " in change.why


@pytest.mark.parametrize(("held", "change", "statement"), LACKING.values(), ids=LACKING)
def test_a_grant_that_is_lacking_is_made(declared, present, held, change, statement):
    role, is_future, what = held
    have = present.granted_on_future if is_future else present.granted
    have["ROLE", role].remove(what)
    if is_future:  # that of what is there says nothing of what will be
        present.granted["ROLE", role].add(what)
        declared = [*declared, DeclaredGrant(*what, "ONE", "ROLE", role, "R", "also")]
    assert make_plan(declared, present) == [Change("+", *change, statement)]


@pytest.mark.parametrize(("held", "what", "statement"), BEYOND.values(), ids=BEYOND)
def test_a_grant_beyond_is_left_to_a_person(declared, present, held, what, statement):
    role, is_future, granted = held
    have = present.granted_on_future if is_future else present.granted
    have["ROLE", role].add(granted)
    assert make_plan(declared, present) == [Change("!", what, "is declared nowhere", "SECURITYADMIN", statement)]


def test_spellings_of_one_thing_are_no_difference(declared, present):
    present.objects["WAREHOUSE"]["SNOWCAST_WH"] |= {"size": "XSMALL", "auto_suspend": "60.0", "auto_resume": "TRUE"}
    present.objects["STAGE"][STAGE]["url"] = "s3://landing/snowcast"
    waited = present.objects["TASK"][GAMES]["predecessors"]
    present.objects["TASK"][GAMES]["predecessors"] = "[" + ", ".join(reversed(waited.strip("[]").split(", "))) + "]"
    assert make_plan(declared, present) == []


def test_what_ours_own_and_what_others_have_is_not_told(declared, present):
    present.granted["ROLE", "SNOWCAST_LOADER"].add(("OWNERSHIP", "TABLE", "ANALYTICS.OPS.RUNS"))
    present.granted["ROLE", "OTHER"] = {("SELECT", "TABLE", "ANALYTICS.OPS.RUNS")}
    present.objects["SCHEMA"]["ANALYTICS_OLD.OPS"] = {}  # its database only begins with the name of ours
    assert make_plan(declared, present) == []


def test_what_tasks_may_do_is_neither_made_nor_told_without_them(settings: Settings, declared, present):
    without = read_declared(settings)
    assert make_plan(without, present, may_be=read_task_grants(settings)) == []
    told = {change.what for change in make_plan(without, present)}
    assert told == {
        "EXECUTE TASK on ACCOUNT  to SNOWCAST_LOADER",
        *(f"CREATE {kind} on SCHEMA ANALYTICS.OPS to SNOWCAST_LOADER" for kind in ("TASK", "STREAM", "PROCEDURE")),
    }


def test_in_an_empty_account_everything_is_made_once_and_in_order(declared):
    changes = make_plan(declared, Present())
    assert {change.sign for change in changes} == {"+"}
    no_view_is_there = "GRANT SELECT ON ALL VIEWS IN DATABASE ANALYTICS TO ROLE SNOWCAST_READER"
    wanted = [one for one in dict.fromkeys(one.statement for one in declared) if one != no_view_is_there]
    assert [change.statement for change in changes] == wanted


def test_what_show_tells_is_read_as_the_scripts_spell_it():
    """An account has a name of its own there, kinds have an underscore, and a grant on what will be a placeholder."""
    told: dict[str, list[dict[str, Any]]] = {
        "SHOW ROLES": [{"name": "SNOWCAST_LOADER", "comment": None}],
        "SHOW USERS": [{"name": "SNOWCAST_SERVICE", "comment": ""}],
        "SHOW DATABASES": [{"name": "ANALYTICS", "comment": ""}],
        "SHOW SCHEMAS IN DATABASE analytics": [
            {"name": name, "database_name": "ANALYTICS"} for name in ("OPS", "INFORMATION_SCHEMA")
        ],
        "SHOW FILE FORMATS IN DATABASE analytics": [
            {"name": "NDJSON_GZ", "database_name": "ANALYTICS", "schema_name": "RAW", "type": "JSON"}
        ],
        "SHOW GRANTS TO ROLE SNOWCAST_LOADER": [
            {"privilege": "EXECUTE TASK", "granted_on": "ACCOUNT", "name": "AB12345"},
            {"privilege": "USAGE", "granted_on": "FILE_FORMAT", "name": "ANALYTICS.RAW.NDJSON_GZ"},
        ],
        "SHOW FUTURE GRANTS TO ROLE SNOWCAST_LOADER": [
            {"privilege": "USAGE", "grant_on": "FILE_FORMAT", "name": "ANALYTICS.<FILE_FORMAT>"},
            {"privilege": "INSERT", "grant_on": "TABLE", "name": "ANALYTICS.OPS.<TABLE>"},
        ],
        "SHOW GRANTS TO USER SNOWCAST_SERVICE": [{"role": "SNOWCAST_LOADER"}],
    }
    rows = {statement: [Row(**row) for row in found] for statement, found in told.items()}
    session: Any = SimpleNamespace(sql=lambda text: SimpleNamespace(collect=lambda: rows.get(text, [])))
    grantees = (("ROLE", "SNOWCAST_LOADER"), ("USER", "SNOWCAST_SERVICE"), ("ROLE", "NOT_THERE"))
    declared = [DeclaredGrant("USAGE", "ROLE", "X", "ONE", to, name, "R", "…") for to, name in grantees]

    found = read_present(session, "analytics", declared)

    assert {kind: there for kind, there in found.objects.items() if there} == {
        "ROLE": {"SNOWCAST_LOADER": {"name": "SNOWCAST_LOADER", "comment": ""}},
        "USER": {"SNOWCAST_SERVICE": {"name": "SNOWCAST_SERVICE", "comment": ""}},
        "DATABASE": {"ANALYTICS": {"name": "ANALYTICS", "comment": ""}},
        "SCHEMA": {"ANALYTICS.OPS": {"name": "OPS", "database_name": "ANALYTICS"}},
        "FILE FORMAT": {
            "ANALYTICS.RAW.NDJSON_GZ": {
                "name": "NDJSON_GZ",
                "database_name": "ANALYTICS",
                "schema_name": "RAW",
                "type": "JSON",
            }
        },
    }
    assert found.granted == {
        ("ROLE", "SNOWCAST_LOADER"): {
            ("EXECUTE TASK", "ACCOUNT", ""),
            ("USAGE", "FILE FORMAT", "ANALYTICS.RAW.NDJSON_GZ"),
        },
        ("USER", "SNOWCAST_SERVICE"): {("USAGE", "ROLE", "SNOWCAST_LOADER")},
    }
    assert found.granted_on_future == {
        ("ROLE", "SNOWCAST_LOADER"): {("USAGE", "FILE FORMAT", "ANALYTICS"), ("INSERT", "TABLE", "ANALYTICS.OPS")}
    }
