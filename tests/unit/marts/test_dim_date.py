"""The calendar."""

from __future__ import annotations

from datetime import date, timedelta

from snowflake.snowpark import Session
from snowflake.snowpark.functions import col

from tests.feeding import build_all, rows_of, written
from transforms.engine.stored import read_table
from transforms.marts import dim_date


def test_the_calendar_agrees_with_python_on_every_day(frames: Session):
    built = rows_of(dim_date.build(session=frames, today=date(2024, 2, 3)))
    days = [dim_date.FIRST_DAY + timedelta(days=n) for n in range((date(2025, 1, 1) - dim_date.FIRST_DAY).days)]
    assert built == [
        (
            *(day, day.year, (day.month + 2) // 3, day.month, day.day, day.isoweekday(), *day.isocalendar()[:2]),
            *(day - timedelta(days=day.weekday()), day.replace(day=1), day.isoweekday() > 5),
        )
        for day in days
    ]


def test_the_calendar_is_rebuilt_only_for_another_day(warehouse: Session):
    first = build_all(warehouse, ["dim_date"], parameters={"today": date(2023, 5, 1)})["dim_date"]
    same = build_all(warehouse, ["dim_date"], parameters={"today": date(2023, 5, 1)})["dim_date"]
    later = build_all(warehouse, ["dim_date"], parameters={"today": date(2023, 5, 2)})["dim_date"]
    next_year = build_all(warehouse, ["dim_date"], parameters={"today": date(2024, 1, 1)})["dim_date"]
    assert (first.rows_inserted, same.skipped, written(later), written(next_year)) == (
        6209,
        True,
        (0, 0, 0),
        (366, 0, 0),
    )
    assert read_table(warehouse, dim_date.TABLE).filter(col("is_weekend")).count() > 0
