"""Business rules of dim_date."""

from expectations.rules.rule import Lookup, critical

_BEFORE = Lookup(
    "before",
    "select date_day, dateadd(day, 1, date_day)::date as day_after from {dim_date}",
    ("date_day",),
    "before.day_after = t.date_day",
)
_FIRST = Lookup("calendar", "select min(date_day) as first_day from {dim_date}", ("first_day",), "true")

RULES = (
    critical(
        "no day is missing",
        "before_date_day is null and date_day > calendar_first_day",
        "a missing day drops out of every report that joins the calendar",
        *(_BEFORE, _FIRST),
    ),
    critical(
        "weeks begin on Monday",
        "dayofweekiso(week_start) <> 1 or datediff(day, week_start, date_day) not between 0 and 6 "
        "or day_of_week <> dayofweekiso(date_day)",
        "weeks are ISO 8601; growth and retention by week stand on it",
        *("week_start", "day_of_week"),
    ),
    critical(
        "weekends are Saturday and Sunday",
        "is_weekend <> (day_of_week in (6, 7))",
        "weekday 6 is Saturday",
        *("day_of_week", "is_weekend"),
    ),
)
