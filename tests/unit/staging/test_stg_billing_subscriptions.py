"""Subscriptions in staging: exact prices, open ends, and when a record was changed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from snowflake.snowpark import Session

from tests.feeding import T0, build_all, delivered, load, rows_of, written
from transforms.engine.stored import read_table
from transforms.formulas.keys import hash_key
from transforms.ops import QUARANTINE
from transforms.staging.stg_billing_subscriptions import TABLE

RECORD = {
    "subscription_id": "S1",
    "user_id": "U1",
    "start_date": "2023-01-05",
    "end_date": "",
    "monthly_price": "9.99",
}


def test_subscriptions_become_typed_rows(warehouse: Session):
    yearly = {**RECORD, "subscription_id": "S2", "user_id": "", "end_date": "2024-01-04", "monthly_price": "120"}
    new_fields = {"billing_period": " Yearly", "updated_at": "2023-01-06 07:08:09.5"}
    load(warehouse, delivered("subscriptions", T0, RECORD, {**yearly, **new_fields}))
    assert written(build_all(warehouse, [TABLE.name])[TABLE.name]) == (2, 0, 0)
    names = [column.name for column in TABLE.columns if column.name not in ("user_key", "filled_fields")]
    start, end, changed = date(2023, 1, 5), date(2024, 1, 4), datetime(2023, 1, 6, 7, 8, 9, 500_000)
    assert rows_of(read_table(warehouse, TABLE), *names) == [
        ("S1", T0, "billing", "U1", start, None, Decimal("9.99"), None, T0),
        ("S2", T0, "billing", "", start, end, Decimal("120.00"), "yearly", changed),
    ]
    keys = read_table(warehouse, TABLE).select("user_key", hash_key("platform", "user_id").alias("key_again"))
    assert all(row[0] == row[1] for row in keys.collect())


def test_an_empty_time_of_change_is_unknown_and_a_missing_field_is_the_deliverys_time(warehouse: Session):
    empty = {**RECORD, "subscription_id": "S2", "updated_at": ""}
    null = {**RECORD, "subscription_id": "S3", "updated_at": None}
    load(warehouse, delivered("subscriptions", T0, RECORD, empty, null))
    build_all(warehouse, [TABLE.name])
    found = rows_of(read_table(warehouse, TABLE), "subscription_id", "updated_at")
    assert found == [("S1", T0), ("S2", None), ("S3", None)]


def test_what_is_no_subscription_is_refused_with_its_reason(warehouse: Session):
    broken = [
        {"subscription_id": ""},
        {"user_id": None},
        {"start_date": ""},
        {"end_date": "31.03.2023"},
        {"monthly_price": "9.999"},
        {"monthly_price": "-1"},
        {"monthly_price": "NaN"},
        {"monthly_price": ""},
        {"monthly_price": "12345678901234567.00"},
    ]
    load(warehouse, delivered("subscriptions", T0, *[{**RECORD, **change} for change in broken]))
    build_all(warehouse, [TABLE.name])
    assert rows_of(read_table(warehouse, TABLE)) == []
    price = "monthly_price is text ({}); expected a number with at most 2 decimals"
    assert rows_of(read_table(warehouse, QUARANTINE), "rule", "reason") == [
        ("end_date_type", "end_date is text (31.03.2023); expected a date (YYYY-MM-DD)"),
        ("monthly_price_below_minimum", "monthly_price is -1; expected at least 0"),
        ("monthly_price_missing", "monthly_price is missing; it is required as monthly_price"),
        ("monthly_price_type", price.format("12345678901234567.00")),
        ("monthly_price_type", price.format("9.999")),
        ("monthly_price_type", price.format("NaN")),
        ("start_date_missing", "start_date is missing; it is required as start_date"),
        ("subscription_id_missing", "subscription_id is missing; it is required as subscription_id"),
        ("user_id_missing", "user_id is missing; it is required as user_id"),
    ]


def test_an_unknown_period_is_refused_and_never_taken_as_monthly(warehouse: Session):
    periods = ("Monthly", "quarterly", "half_yearly", "Half yearly", "annual", " WEEKLY ", "", "fortnightly", "12")
    records = [{**RECORD, "subscription_id": f"S{n}", "billing_period": period} for n, period in enumerate(periods)]
    load(warehouse, delivered("subscriptions", T0, *records))
    build_all(warehouse, [TABLE.name])
    assert rows_of(read_table(warehouse, TABLE), "subscription_id", "billing_period") == [
        *(("S0", "monthly"), ("S1", "quarterly"), ("S2", "half-yearly"), ("S3", "half-yearly"), ("S4", "annual")),
        *(("S5", "weekly"), ("S6", None)),
    ]
    expected = "expected monthly, quarterly, half-yearly, yearly, annual, weekly or nothing"
    assert rows_of(read_table(warehouse, QUARANTINE), "rule", "reason") == [
        ("billing_period_unknown", f"billing_period is 12; {expected}"),
        ("billing_period_unknown", f"billing_period is fortnightly; {expected}"),
    ]


def test_prices_in_another_currency_are_refused(warehouse: Session):
    currencies = ("USD", " usd", "", None, "EUR", {"code": "USD"})
    records = [{**RECORD, "subscription_id": f"S{n}", "currency": given} for n, given in enumerate(currencies)]
    load(warehouse, delivered("subscriptions", T0, {**RECORD, "subscription_id": "S9"}, *records))
    build_all(warehouse, [TABLE.name])
    taken = [row[0] for row in rows_of(read_table(warehouse, TABLE), "subscription_id")]
    assert taken == ["S0", "S1", "S2", "S3", "S9"]
    assert [row[0] for row in rows_of(read_table(warehouse, QUARANTINE), "rule")] == ["currency_other"] * 2
