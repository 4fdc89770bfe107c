"""Business rules of int_product_user_periods."""

from __future__ import annotations

from expectations.rules.periods import first_of_period
from expectations.rules.rule import CRITICAL, Rule

RULES = (
    first_of_period("period_start"),
    Rule(
        name="nobody is active on more days than the period has",
        fails="active_days > case period when 'day' then 1 when 'week' then 7 else 31 end",
        severity=CRITICAL,
        reason="days are counted once",
        shows=("active_days",),
    ),
)
