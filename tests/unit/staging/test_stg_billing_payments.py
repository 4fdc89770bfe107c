"""Payments in staging: money is exact or refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from snowflake.snowpark import Session

from tests.feeding import PARAMETERS, T0, build_all, delivered, load, minutes, rows_of, written
from transforms.engine.stored import read_table
from transforms.formulas.keys import hash_key
from transforms.ops import QUARANTINE
from transforms.staging.stg_billing_payments import TABLE

RECORD = {"payment_id": "P1", "user_id": "U1", "payment_date": "2023-01-05", "amount": "9.99"}
AMOUNTS = ("9.99", "-9.99", "+0.5", "9.990", "123456789012.34", "7", 13.99, ".99", "1.000", "-5.")


def test_amounts_are_exact_and_refunds_keep_their_sign(warehouse: Session):
    records = [{**RECORD, "payment_id": f"P{n}", "amount": amount} for n, amount in enumerate(AMOUNTS)]
    load(warehouse, delivered("payments", T0, *records, {**RECORD, "payment_id": "Q", "user_id": ""}))
    assert written(build_all(warehouse, [TABLE.name])[TABLE.name]) == (11, 0, 0)
    names = [column.name for column in TABLE.columns if column.name != "user_key"]
    day, exact = (
        date(2023, 1, 5),
        ("9.99", "-9.99", "0.50", "9.99", "123456789012.34", "7.00", "13.99", "0.99", "1.00", "-5.00"),
    )
    assert rows_of(read_table(warehouse, TABLE), *names) == [
        *[(f"P{n}", T0, "billing", "U1", day, Decimal(amount)) for n, amount in enumerate(exact)],
        ("Q", T0, "billing", "", day, Decimal("9.99")),
    ]
    keys = read_table(warehouse, TABLE).select("user_key", hash_key("platform", "user_id").alias("key_again"))
    assert all(row[0] == row[1] for row in keys.collect())


def test_more_than_cents_and_what_is_no_amount_are_refused(warehouse: Session):
    records = [{**RECORD, "amount": text} for text in ("9.995", "1e2", "9,99", "$9", "inf", ".")]
    records += [{**RECORD, "amount": "-1000000000000.01"}, {**RECORD, "amount": "1000000000000.01"}]
    load(warehouse, delivered("payments", T0, *records, {**RECORD, "payment_date": ""}, {**RECORD, "payment_id": ""}))
    build_all(warehouse, [TABLE.name])
    assert rows_of(read_table(warehouse, TABLE)) == []
    refused = rows_of(read_table(warehouse, QUARANTINE), "rule", "reason")
    assert refused == [
        ("amount_above_maximum", "amount is 1000000000000.01; expected at most 1e+12"),
        ("amount_below_minimum", "amount is -1000000000000.01; expected at least -1e+12"),
        *[
            ("amount_type", f"amount is text ({text}); expected a number with at most 2 decimals")
            for text in ("$9", ".", "1e2")
        ],
        (
            "amount_type",
            "amount is text (9,99); expected a number with at most 2 decimals"
            "; a decimal comma is read where SNOWCAST_DECIMAL_COMMA is set",
        ),
        *[
            ("amount_type", f"amount is text ({text}); expected a number with at most 2 decimals")
            for text in ("9.995", "inf")
        ],
        ("payment_date_missing", "payment_date is missing; it is required as payment_date"),
        ("payment_id_missing", "payment_id is missing; it is required as payment_id"),
    ]


def test_a_correction_is_another_observation_of_the_payment(warehouse: Session):
    corrected = {**RECORD, "amount": "8.99"}
    load(warehouse, delivered("payments", minutes(15), corrected), delivered("payments", T0, RECORD))
    build_all(warehouse, [TABLE.name])
    assert rows_of(read_table(warehouse, TABLE), "snapshot_at", "amount") == [
        (T0, Decimal("9.99")),
        (minutes(15), Decimal("8.99")),
    ]


def test_an_amount_in_another_currency_is_refused(warehouse: Session):
    other = {**RECORD, "payment_id": "P2", "currency": "eur"}
    load(warehouse, delivered("payments", T0, {**RECORD, "currency": "USD"}, other))
    build_all(warehouse, [TABLE.name])
    assert rows_of(read_table(warehouse, TABLE), "payment_id") == [("P1",)]
    told = "currency is EUR; this warehouse keeps USD (SNOWCAST_CURRENCY), and amounts are never converted"
    assert rows_of(read_table(warehouse, QUARANTINE), "rule", "reason") == [("currency_other", told)]


def test_a_decimal_comma_is_read_by_the_setting_and_a_point_then_refused(warehouse: Session):
    amounts = ("12,50", "-0,5", ",99", "7", 13.99, "1.000", "1.234,50", "1,234")
    records = [{**RECORD, "payment_id": f"P{n}", "amount": amount} for n, amount in enumerate(amounts)]
    load(warehouse, delivered("payments", T0, *records))
    build_all(warehouse, [TABLE.name], parameters={**PARAMETERS, "decimal_comma": True})
    exact = ("12.50", "-0.50", "0.99", "7.00", "13.99")
    assert sorted(row[0] for row in rows_of(read_table(warehouse, TABLE), "amount")) == sorted(map(Decimal, exact))
    assert [row[0] for row in rows_of(read_table(warehouse, QUARANTINE), "reason")] == [
        f"amount is text ({text}); expected a number with at most 2 decimals"
        for text in ("1.000 with a point", "1.234", "1.234,50")
    ]
