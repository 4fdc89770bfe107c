"""Business rules of mart_monthly_active_users."""

from expectations.rules.marts import first_of_month
from expectations.rules.rule import Lookup, critical

_ACTIVE = Lookup(
    "active",
    "select year_month, count_if(is_paying) as paying, count_if(is_watching) as watching "
    "from {fact_user_monthly_metrics} "
    "where user_id <> '' and year_month in (select year_month from {batch} b) group by year_month",
    ("paying", "watching"),
    "active.year_month = t.year_month",
)

RULES = (
    first_of_month("year_month"),
    critical(
        "users are those of fact_user_monthly_metrics",
        "user_count is distinct from iff(definition = 'paying', active_paying, active_watching)",
        "each user with an id counts once in a month, whatever was paid or watched",
        *("user_count", "active_paying", "active_watching", _ACTIVE),
    ),
)
