"""The plan of `snowcast deploy snowflake`: an account in which everything is in place, and one difference at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.deploy.snowflake.declared import Declared, DeclaredObject, read_declared
from flows.deploy.snowflake.plan import Change, make_plan
from flows.deploy.snowflake.present import Present
from flows.settings import load_settings
from tests.unit.deploy.differences import ACCOUNT, CHANGED, GAMES, MADE_AGAIN, STAGE


def test_where_everything_is_in_place_nothing_is_planned(declared: list[Declared], present: Present):
    assert make_plan(declared, present) == []


@pytest.mark.parametrize(("there", "change", "statement"), CHANGED.values(), ids=CHANGED)
def test_a_property_that_differs_is_set_or_told(declared, present, there, change, statement):
    kind, name, column, value = there
    sign, why, role = change
    present.objects[kind][name][column] = value
    assert make_plan(declared, present) == [Change(sign, f"{kind.lower()} {name}", why, role, statement)]


def statement_of(name: str, declared: list[Declared]) -> str:
    return next(one.statement for one in declared if isinstance(one, DeclaredObject) and one.name == name)


@pytest.mark.parametrize("there", MADE_AGAIN.values(), ids=MADE_AGAIN)
def test_what_its_own_statement_changes_is_made_again(declared, present, there):
    kind, name, column, value = there
    present.objects[kind][name][column] = value
    (change,) = make_plan(declared, present)
    assert (change.sign, change.what, change.role) == ("~", f"{kind.lower()} {name}", "SNOWCAST_LOADER")
    assert change.statement == statement_of(name, declared)
    assert f" is {value[:60] or 'not set'}, declared is " in change.why


def test_a_place_that_is_lacking_is_added_to_those_that_somebody_else_reads(declared, present):
    present.objects["STORAGE INTEGRATION"]["SNOWCAST_S3"]["storage_allowed_locations"] = "s3://landing/snow/,s3://else"
    alter = "ALTER STORAGE INTEGRATION SNOWCAST_S3 SET STORAGE_ALLOWED_LOCATIONS = "
    assert [(one.sign, one.statement) for one in make_plan(declared, present)] == [
        ("~", f"{alter}('s3://landing/snow/', 's3://else/', 's3://landing/snowcast/')"),
        ("!", f"{alter}('s3://landing/snowcast/')"),
    ]


def test_an_integration_of_another_tenant_is_told(tmp_path: Path):
    """Snowflake tells the tenant in lower case; who consents to another one is a person."""
    tenant = "ABCDEF00-0000-0000-0000-000000000000"
    place = {"landing": "azure://acme.blob.core.windows.net/landing/raw", "azure_integration": "AZ"}
    settings = load_settings(home=tmp_path, **{**ACCOUNT, **place, "azure_tenant_id": tenant})
    (declared,) = [
        one for one in read_declared(settings) if isinstance(one, DeclaredObject) and one.kind == "STORAGE INTEGRATION"
    ]
    there = {"enabled": "true", "azure_tenant_id": tenant.lower(), "storage_allowed_locations": place["landing"]}
    present = Present(objects={"STORAGE INTEGRATION": {"AZ": there}})
    assert make_plan([declared], present) == []
    there["azure_tenant_id"] = other = "11111111-0000-0000-0000-000000000000"
    (told,) = make_plan([declared], present)
    assert (told.sign, told.why) == ("!", f"AZURE_TENANT_ID is {other}, declared is {tenant}")


def test_spellings_of_one_thing_are_no_difference(declared, present):
    present.objects["WAREHOUSE"]["SNOWCAST_WH"] |= {"size": "XSMALL", "auto_suspend": "60.0", "auto_resume": "TRUE"}
    present.objects["STAGE"][STAGE]["url"] = "s3://landing/snowcast"
    present.objects["STORAGE INTEGRATION"]["SNOWCAST_S3"]["storage_allowed_locations"] = "s3://landing/snowcast"
    monitor = present.objects["RESOURCE MONITOR"]["SNOWCAST_WH_MONITOR"]
    monitor["triggers"] = "ON 100 PERCENT DO SUSPEND ON 80 PERCENT DO NOTIFY"
    waited = present.objects["TASK"][GAMES]["predecessors"]
    present.objects["TASK"][GAMES]["predecessors"] = "[" + ", ".join(reversed(waited.strip("[]").split(", "))) + "]"
    assert make_plan(declared, present) == []


def test_in_an_empty_account_everything_is_made_once_and_in_order(declared):
    changes = make_plan(declared, Present())
    assert {change.sign for change in changes} == {"+"}
    no_view_is_there = "GRANT SELECT ON ALL VIEWS IN DATABASE ANALYTICS TO ROLE SNOWCAST_READER"
    wanted = [one for one in dict.fromkeys(one.statement for one in declared) if one != no_view_is_there]
    assert [change.statement for change in changes] == wanted
