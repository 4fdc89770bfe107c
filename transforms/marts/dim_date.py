"""Calendar days: one row per UTC day from 2007 to the end of the current year.

Grain    one UTC calendar day
Key      date_day
Source   none: the calendar
Units    weekday 1 is Monday; weeks are ISO 8601
Rerun    replaced whole; the end moves once a year with the parameter `today`
Gaps     none
"""

from __future__ import annotations

from datetime import date, timedelta

from transforms import columns
from transforms.contract import BOOLEAN, DATE, INTEGER, Column, Replace, Table, locate_table
from transforms.functions import (
    DataFrame,
    Expression,
    Session,
    col,
    dateadd,
    dayofmonth,
    dayofyear,
    floor,
    lit,
    month,
    quarter,
    year,
)

FIRST_DAY = date(2007, 1, 1)  # a Monday, before the platform's first accounts
_SATURDAY = 6


def _number(name: str, description: str) -> Column:
    return Column(name, INTEGER, description, nullable=False)


TABLE = Table(
    *locate_table(__name__),
    grain="one UTC calendar day",
    key=("date_day",),
    write=Replace(),
    tags=("calendar",),
    columns=(
        columns.date_day,
        _number("year_number", "calendar year"),
        _number("quarter_number", "quarter of the year, 1 to 4"),
        _number("month_number", "month of the year, 1 to 12"),
        _number("day_of_month", "day of the month, 1 to 31"),
        _number("day_of_week", "ISO weekday, 1 is Monday"),
        _number("iso_year", "year of the ISO week"),
        _number("iso_week", "ISO week, 1 to 53"),
        Column("week_start", DATE, "Monday of the week", nullable=False),
        Column("year_month", DATE, "first day of the month", nullable=False),
        Column("is_weekend", BOOLEAN, "Saturday or Sunday", nullable=False),
    ),
)


def build(*, session: Session, today: date) -> DataFrame:
    """Number the days from a Monday and read the calendar off each; an ISO week belongs to its Thursday's year."""
    end = date(today.year + 1, 1, 1)
    numbered = session.range((end - FIRST_DAY) // timedelta(days=1))
    days = numbered.select(
        _day_after(lit(FIRST_DAY), col("id")).alias("date_day"), (col("id") % lit(7) + lit(1)).alias("day_of_week")
    )
    weeks = days.select("*", _day_after(col("date_day"), lit(1) - col("day_of_week")).alias("week_start"))
    thursday = _day_after(col("week_start"), lit(3))
    described = weeks.select(
        "date_day",
        year("date_day").alias("year_number"),
        quarter("date_day").alias("quarter_number"),
        month("date_day").alias("month_number"),
        dayofmonth("date_day").alias("day_of_month"),
        "day_of_week",
        year(thursday).alias("iso_year"),
        (floor((dayofyear(thursday) - lit(1)) / lit(7)) + lit(1)).alias("iso_week"),
        "week_start",
        _day_after(col("date_day"), lit(1) - dayofmonth("date_day")).alias("year_month"),
        (col("day_of_week") >= lit(_SATURDAY)).alias("is_weekend"),
    )
    return TABLE.select(described)


def _day_after(day: Expression, days: Expression) -> Expression:
    return dateadd("day", days, day).cast(DATE)
