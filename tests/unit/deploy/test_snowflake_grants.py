"""The plan of `snowcast deploy snowflake`: grants that are lacking, and grants that nobody declared."""

from __future__ import annotations

import pytest

from flows.deploy.snowflake.declared import DeclaredGrant, read_declared
from flows.deploy.snowflake.plan import Change, make_plan
from flows.deploy.snowflake.tasks import read_task_grants
from flows.settings import Settings
from tests.unit.deploy.differences import BEYOND, LACKING


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
