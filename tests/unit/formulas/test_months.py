"""Months and spans of months."""

from __future__ import annotations

from datetime import date

from snowflake.snowpark import Session
from snowflake.snowpark.functions import col
from snowflake.snowpark.types import StructField, StructType

from tests.feeding import rows_of
from transforms.contract import DATE, TEXT
from transforms.formulas.periods import in_each_month, month_after, month_of

SPANS = StructType(
    [
        StructField("name", TEXT.as_snowpark()),
        StructField("since", DATE.as_snowpark()),
        StructField("until", DATE.as_snowpark()),
    ]
)


def test_a_day_is_in_its_month_and_the_next_month_follows_whatever_its_length(frames: Session):
    days = frames.create_dataframe([("a", date(2023, 1, 31), date(2024, 2, 29)), ("b", date(2022, 12, 1), None)], SPANS)
    months = days.select("name", month_of(col("since")), month_after(month_of(col("since"))), month_of(col("until")))
    assert rows_of(months) == [
        ("a", date(2023, 1, 1), date(2023, 2, 1), date(2024, 2, 1)),
        ("b", date(2022, 12, 1), date(2023, 1, 1), None),
    ]


def test_a_span_has_each_of_its_months_once(frames: Session):
    nov, dec, jan = date(2022, 11, 1), date(2022, 12, 1), date(2023, 1, 1)
    rows = [
        ("two months", nov, dec),
        ("one", jan, jan),
        ("none", jan, dec),
        ("unknown", None, jan),
        ("open", jan, None),
    ]
    spans = in_each_month(frames.create_dataframe(rows, SPANS), ["name"], col("since"), col("until"))
    assert rows_of(spans) == [("one", jan), ("two months", nov), ("two months", dec)]
