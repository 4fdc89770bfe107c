"""Business rules of product_daily."""

from expectations.rules.rule import Lookup, critical

_DAYS = Lookup(
    "days",
    "select event_type, date_day, event_count, user_count from {int_product_days}",
    ("event_count", "user_count"),
    "days.event_type = t.event_type and days.date_day = t.date_day",
)
_BEFORE = Lookup(
    "before",
    "select event_type, dateadd(day, 1, date_day)::date as following_day from {product_daily}",
    ("following_day",),
    "before.event_type = t.event_type and before.following_day = t.date_day",
)
_SPAN = Lookup(
    "span",
    "select event_type, min(date_day) as first_day from {product_daily} group by event_type",
    ("first_day",),
    "span.event_type = t.event_type",
)

RULES = (
    critical(
        "counts are those of int_product_days, and zero where it has none",
        "event_count <> coalesce(days_event_count, 0) or user_count <> coalesce(days_user_count, 0)",
        "charts read it: a day without an event is 0 and not absent",
        *("event_count", "days_event_count", "user_count", "days_user_count", _DAYS),
    ),
    critical(
        "no day is missing",
        "before_following_day is null and date_day > span_first_day",
        "every type has a row for each day from its first one on",
        *(_BEFORE, _SPAN),
    ),
    critical(
        "newcomers are users, and users have events",
        "first_time_user_count > user_count or user_count > event_count",
        "each new user of the day is one of its users, and each of them did something",
        *("first_time_user_count", "user_count", "event_count"),
    ),
)
