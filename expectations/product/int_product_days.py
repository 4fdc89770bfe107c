"""Business rules of int_product_days."""

from expectations.rules.rule import Lookup, critical

_USERS = Lookup(
    "users",
    "select event_type, date_day, sum(event_count) as events, count(*) as users, count_if(is_first_day) as newcomers "
    "from {int_product_user_days} where date_day in (select date_day from {batch} b) group by event_type, date_day",
    ("events", "users", "newcomers"),
    "users.event_type = t.event_type and users.date_day = t.date_day",
)

RULES = (
    critical(
        "counts are those of int_product_user_days",
        "event_count is distinct from users_events or user_count is distinct from users_users "
        "or first_time_user_count is distinct from users_newcomers",
        "a day that was changed and not taken over; rebuild it with --full-refresh",
        *("event_count", "users_events", "user_count", "users_users", _USERS),
    ),
)
