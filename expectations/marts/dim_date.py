"""Business rules of dim_date."""

from expectations.rules.rule import CRITICAL, Lookup, Rule

_BEFORE = Lookup(
    "before",
    "select date_day, dateadd(day, 1, date_day)::date as day_after from {dim_date}",
    ("date_day",),
    "before.day_after = t.date_day",
)
_FIRST = Lookup("calendar", "select min(date_day) as first_day from {dim_date}", ("first_day",), "true")

RULES = (
    Rule(
        name="no day is missing",
        fails="before_date_day is null and date_day > calendar_first_day",
        severity=CRITICAL,
        reason="a missing day drops out of every report that joins the calendar",
        helpers=(_BEFORE, _FIRST),
    ),
    Rule(
        name="weeks begin on Monday",
        fails="dayofweekiso(week_start) <> 1 or datediff(day, week_start, date_day) not between 0 and 6 "
        "or day_of_week <> dayofweekiso(date_day)",
        severity=CRITICAL,
        reason="weeks are ISO 8601; growth and retention by week stand on it",
        shows=("week_start", "day_of_week"),
    ),
    Rule(
        name="weekends are Saturday and Sunday",
        fails="is_weekend <> (day_of_week in (6, 7))",
        severity=CRITICAL,
        reason="weekday 6 is Saturday",
        shows=("day_of_week", "is_weekend"),
    ),
)
