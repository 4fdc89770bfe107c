"""Billing's users in staging."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from snowflake.snowpark import Session

from tests.feeding import T0, build_all, delivered, load, minutes, rows_of, written
from transforms.engine.stored import read_table
from transforms.formulas.keys import hash_key
from transforms.ops import QUARANTINE
from transforms.staging.stg_billing_users import TABLE

USER = {"user_id": "U1", "country": " US", "signup_date": "2023-01-05", "plan_type": "Basic "}


def test_users_become_typed_rows_in_one_spelling(warehouse: Session):
    others = (
        {**USER, "user_id": "U2", "country": " ", "plan_type": "", "signup_date": "", "updated_at": ""},
        {**USER, "user_id": "U3", "plan_type": "Gold", "updated_at": "2023-02-01T10:00:00+02:00"},
    )
    load(warehouse, delivered("users", T0, USER, *others))
    assert written(build_all(warehouse, [TABLE.name])[TABLE.name]) == (3, 0, 0)
    names = [column.name for column in TABLE.columns if column.name not in ("user_key", "filled_fields")]
    assert rows_of(read_table(warehouse, TABLE), *names) == [
        ("U1", T0, "billing", "us", "basic", date(2023, 1, 5), None),
        ("U2", T0, "billing", None, None, None, None),
        ("U3", T0, "billing", "us", "gold", date(2023, 1, 5), datetime(2023, 2, 1, 8)),
    ]
    keys = read_table(warehouse, TABLE).select("user_key", hash_key("platform", "user_id").alias("key_again"))
    assert all(row[0] == row[1] for row in keys.collect())


def test_nameless_users_and_days_that_are_none_are_refused(warehouse: Session):
    refused = (
        {**USER, "user_id": ""},
        {**USER, "signup_date": "2023-02-30"},
        {**USER, "signup_date": "05/01/2023"},
        {**USER, "updated_at": "soon"},
    )
    load(warehouse, delivered("users", T0, *refused))
    build_all(warehouse, [TABLE.name])
    assert rows_of(read_table(warehouse, TABLE)) == []
    assert rows_of(read_table(warehouse, QUARANTINE), "rule", "reason") == [
        ("signup_date_type", "signup_date is text (05/01/2023); expected a date (YYYY-MM-DD)"),
        ("signup_date_type", "signup_date is text (2023-02-30); expected a date (YYYY-MM-DD)"),
        ("updated_at_type", "updated_at is text (soon); expected a UTC time"),
        ("user_id_missing", "user_id is missing; it is required as user_id"),
    ]


def test_a_user_listed_twice_keeps_the_last_line_and_each_delivery_its_own(warehouse: Session):
    load(warehouse, delivered("users", minutes(15), {**USER, "country": "DE"}))
    build_all(warehouse, [TABLE.name])
    load(warehouse, delivered("users", T0, USER, {**USER, "country": "FR"}))
    assert build_all(warehouse, [TABLE.name])[TABLE.name].rows_superseded == 1
    assert rows_of(read_table(warehouse, TABLE), "snapshot_at", "country") == [(T0, "fr"), (minutes(15), "de")]


FULL = (
    {**USER, "user_id": "fuller"},
    {**USER, "user_id": "greater", "plan_type": "premium"},
    {**USER, "user_id": "equal"},
    {**USER, "user_id": "twice", "plan_type": "premium"},
    {**USER, "user_id": "twice", "plan_type": "basic"},
)
OTHER = (
    {**USER, "user_id": "fuller", "country": "", "plan_type": "premium"},
    {**USER, "user_id": "greater", "plan_type": "basic"},
    {**USER, "user_id": "equal"},
)


@pytest.mark.parametrize("names", ["az", "za"])
@pytest.mark.parametrize("builds", ["one build", "two builds", "two builds, the other file first"])
def test_of_two_files_of_one_time_what_they_say_decides(warehouse: Session, names: str, builds: str):
    files = [delivered("users", T0, *FULL, name=names[0]), delivered("users", T0, *OTHER, name=names[1])]
    if "first" in builds:
        files.reverse()
    for part in [files] if builds == "one build" else [[file] for file in files]:
        load(warehouse, *part)
        build_all(warehouse, [TABLE.name])
    assert rows_of(read_table(warehouse, TABLE), "user_id", "country", "plan_type") == [
        ("equal", "us", "basic"),
        ("fuller", "us", "basic"),
        ("greater", "us", "premium"),
        ("twice", "us", "basic"),
    ]
    assert build_all(warehouse, [TABLE.name])[TABLE.name].skipped
    assert written(build_all(warehouse, [TABLE.name], mode="full_refresh")[TABLE.name]) == (0, 0, 0)
