"""Viewing activity in staging."""

from __future__ import annotations

from datetime import date

from snowflake.snowpark import Session

from tests.feeding import T0, build_all, delivered, load, rows_of, written
from transforms.engine.stored import read_table
from transforms.formulas.keys import hash_key
from transforms.ops import QUARANTINE
from transforms.staging.stg_billing_viewing_activity import TABLE

RECORD = {"user_id": "U1", "watch_date": "2023-01-10", "hours_watched": "2.5"}


def test_hours_become_numbers_and_a_day_listed_twice_keeps_its_last_line(warehouse: Session):
    others = (
        {**RECORD, "user_id": "U2", "hours_watched": "0"},
        {**RECORD, "user_id": "", "hours_watched": "1.5e1"},
        {**RECORD, "hours_watched": "3.0"},
    )
    load(warehouse, delivered("viewing_activity", T0, RECORD, *others))
    result = build_all(warehouse, [TABLE.name])[TABLE.name]
    assert (written(result), result.rows_superseded) == ((3, 0, 0), 1)
    names = [column.name for column in TABLE.columns if column.name != "user_key"]
    day = date(2023, 1, 10)
    assert rows_of(read_table(warehouse, TABLE), *names) == [
        ("", day, T0, "billing", 15.0),
        ("U1", day, T0, "billing", 3.0),
        ("U2", day, T0, "billing", 0.0),
    ]
    keys = read_table(warehouse, TABLE).select("user_key", hash_key("platform", "user_id").alias("key_again"))
    assert all(row[0] == row[1] for row in keys.collect())


def test_hours_that_cannot_be_are_refused(warehouse: Session):
    broken = [{"hours_watched": text} for text in ("-0.5", "1001", "NaN", "inf", "1e999", "two", "")]
    records = [{**RECORD, **change} for change in (*broken, {"watch_date": "2023-13-01"}, {"user_id": None})]
    load(warehouse, delivered("viewing_activity", T0, *records))
    build_all(warehouse, [TABLE.name])
    assert rows_of(read_table(warehouse, TABLE)) == []
    assert rows_of(read_table(warehouse, QUARANTINE), "rule", "reason") == [
        ("hours_watched_above_maximum", "hours_watched is 1001; expected at most 1000"),
        ("hours_watched_below_minimum", "hours_watched is -0.5; expected at least 0"),
        ("hours_watched_missing", "hours_watched is missing; it is required as hours_watched"),
        *[
            ("hours_watched_type", f"hours_watched is text ({text}); expected a number")
            for text in ("1e999", "NaN", "inf", "two")
        ],
        ("user_id_missing", "user_id is missing; it is required as user_id"),
        ("watch_date_type", "watch_date is text (2023-13-01); expected a date (YYYY-MM-DD)"),
    ]
