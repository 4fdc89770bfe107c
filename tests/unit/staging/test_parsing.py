"""Parsing: a field that was renamed is read under each of its names, the newest one first."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from snowflake.snowpark import Session

from tests.feeding import LandingFile, load, minutes
from tests.properties.history_tables import RAW, STAGING, plan
from tests.registering import model_of, registered
from transforms.engine.stored import read_table
from transforms.staging.parsing import parse

TIER = replace(plan, name="tier", payload="tier", formerly=("plan", "level"))


@pytest.mark.parametrize(
    ("record", "tier"),
    [
        ({"tier": "a"}, "a"),
        ({"plan": "b"}, "b"),
        ({"level": "c"}, "c"),
        ({"plan": "b", "tier": "a"}, "a"),
        ({"plan": "b", "tier": None}, None),
        ({"level": "c", "plan": "b"}, "b"),
        ({}, None),
    ],
    ids=json.dumps,
)
def test_a_renamed_field_is_the_first_of_its_names_that_is_there(
    warehouse: Session, record: dict[str, Any], tier: str | None
):
    table = replace(STAGING, columns=tuple(TIER if c.name == "plan" else c for c in STAGING.columns))
    with registered([model_of(RAW)], warehouse):
        load(warehouse, LandingFile("items", minutes(0), ({"id": "i", **record},), source="probe"))
        rows = parse(read_table(warehouse, RAW), table).select("tier", "_rule").collect()
    assert [tuple(row) for row in rows] == [(tier, None)]
