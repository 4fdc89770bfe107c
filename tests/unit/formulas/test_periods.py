"""Days, weeks and months, and spans of them."""

from __future__ import annotations

from datetime import date

from snowflake.snowpark import Session
from snowflake.snowpark.functions import col
from snowflake.snowpark.types import StructField, StructType

from tests.feeding import rows_of
from transforms.contract import DATE, TEXT
from transforms.formulas.periods import PERIODS, in_each_period, period_after, period_of, periods_between

SPANS = StructType(
    [
        StructField("period", TEXT.as_snowpark()),
        StructField("since", DATE.as_snowpark()),
        StructField("until", DATE.as_snowpark()),
    ]
)


def test_a_week_begins_on_monday_also_across_a_year_and_before_1970(frames: Session):
    days = [(str(day), day, None) for day in (date(2023, 1, 1), date(2024, 2, 29), date(1969, 12, 29), None)]
    starts = frames.create_dataframe(days, SPANS).select(*[period_of(kind, col("since")) for kind in PERIODS])
    assert rows_of(starts) == [
        (date(1969, 12, 29), date(1969, 12, 29), date(1969, 12, 1)),
        (date(2023, 1, 1), date(2022, 12, 26), date(2023, 1, 1)),
        (date(2024, 2, 29), date(2024, 2, 26), date(2024, 2, 1)),
        (None, None, None),
    ]


def test_the_next_period_follows_and_ages_count_periods(frames: Session):
    spans = [
        ("day", date(2024, 2, 28), date(2024, 3, 1)),
        ("month", date(2023, 12, 1), date(2025, 1, 1)),
        ("week", date(2023, 12, 25), date(2024, 3, 4)),
    ]
    measured = frames.create_dataframe(spans, SPANS).select(
        "period", period_after(col("since")), period_after(col("since"), periods_between(col("since"), col("until")))
    )
    assert rows_of(measured) == [
        ("day", date(2024, 2, 29), date(2024, 3, 1)),
        ("month", date(2024, 1, 1), date(2025, 1, 1)),
        ("week", date(2024, 1, 1), date(2024, 3, 4)),
    ]


def test_a_span_has_each_of_its_periods_once_with_its_age(frames: Session):
    spans = [
        ("day", date(2023, 9, 30), date(2023, 10, 1)),
        ("month", date(2023, 12, 1), date(2024, 1, 1)),
        ("week", date(2023, 9, 4), date(2023, 9, 18)),
        ("week", date(2023, 9, 4), date(2023, 8, 28)),
        ("month", date(2023, 9, 1), None),
    ]
    each = in_each_period(frames.create_dataframe(spans, SPANS), ["until"], col("since"), col("until"))
    assert rows_of(each, "period", "age", "period_start") == [
        ("day", 0, date(2023, 9, 30)),
        ("day", 1, date(2023, 10, 1)),
        ("month", 0, date(2023, 12, 1)),
        ("month", 1, date(2024, 1, 1)),
        ("week", 0, date(2023, 9, 4)),
        ("week", 1, date(2023, 9, 11)),
        ("week", 2, date(2023, 9, 18)),
    ]
