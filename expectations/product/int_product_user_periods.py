"""Business rules of int_product_user_periods."""

from expectations.rules.periods import first_of_period
from expectations.rules.rule import critical

RULES = (
    first_of_period("period_start"),
    critical(
        "nobody is active on more days than the period has",
        "active_days > case period when 'day' then 1 when 'week' then 7 else 31 end",
        "days are counted once",
        "active_days",
    ),
)
