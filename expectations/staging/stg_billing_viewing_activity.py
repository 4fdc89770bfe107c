"""Business rules of stg_billing_viewing_activity."""

from expectations.rules.rule import WARNING, Rule
from expectations.rules.staging import not_after_snapshot

RULES = (
    not_after_snapshot("watch_date"),
    Rule(
        name="nobody watches more than 24 hours a day",
        fails="hours_watched > 24",
        severity=WARNING,
        reason="minutes instead of hours, or several screens of one account",
        shows=("hours_watched",),
    ),
    Rule(
        name="an hour watched names its user",
        fails="user_id = ''",
        severity=WARNING,
        reason="it counts for the unknown member",
    ),
)
