"""Business rules of product_active_users."""

from expectations.rules.periods import first_of_period
from expectations.rules.rule import Lookup, critical

_USERS = Lookup(
    "users",
    "select period, period_start, count(*) as active from {int_product_user_periods} "
    "where period_start in (select period_start from {batch} b) group by period, period_start",
    ("active",),
    "users.period = t.period and users.period_start = t.period_start",
)
_SUMS = Lookup(
    "sums",
    "select period, period_start, sum(exactly_users) as exactly from {product_active_users} "
    "where period_start in (select period_start from {batch} b) group by period, period_start",
    ("exactly",),
    "sums.period = t.period and sums.period_start = t.period_start",
)
_LESS = Lookup(
    "less",
    "select period, period_start, active_days - 1 as days, at_least_users from {product_active_users}",
    ("at_least_users",),
    "less.period = t.period and less.period_start = t.period_start and less.days = t.active_days",
)

RULES = (
    first_of_period("period_start"),
    critical(
        "active users are those of int_product_user_periods",
        "active_users is distinct from users_active",
        "DAU, WAU and MAU are distinct users, each counted once",
        *("active_users", "users_active", _USERS),
    ),
    critical(
        "users on exactly so many days add up to all",
        "sums_exactly <> active_users",
        "everybody who is active is so on one number of days",
        *("active_users", "sums_exactly", _SUMS),
    ),
    critical(
        "users on at least so many days are those on exactly so many and on more",
        "at_least_users <> exactly_users + coalesce(less_at_least_users, 0)",
        "who was active on more days was so on at least these",
        *("at_least_users", "exactly_users", "less_at_least_users", _LESS),
    ),
    critical(
        "stickiness is avg_daily_users / active_users",
        "abs(stickiness - avg_daily_users / active_users) > 1e-9",
        "the share of the period's users who come on a day of it",
        *("stickiness", "avg_daily_users", "active_users"),
    ),
)
