"""Business rules of int_product_user_days."""

from expectations.rules.rule import Lookup, critical

_FIRST = Lookup(
    "days",
    "select user_key, min(date_day) as first_day from {int_product_user_days} "
    "where user_key in (select user_key from {batch} b) group by user_key",
    ("first_day",),
    "days.user_key = t.user_key",
)

RULES = (
    critical(
        "a user is new on their first day only",
        "is_first_day <> (date_day = days_first_day)",
        "new users are counted by it; a late event moves the first day",
        *("date_day", "is_first_day", "days_first_day", _FIRST),
    ),
)
