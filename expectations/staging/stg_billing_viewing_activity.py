"""Business rules of stg_billing_viewing_activity."""

from expectations.rules.rule import warning
from expectations.rules.staging import not_after_snapshot

RULES = (
    not_after_snapshot("watch_date"),
    warning(
        "nobody watches more than 24 hours a day",
        "hours_watched > 24",
        "minutes instead of hours, or several screens of one account",
        "hours_watched",
    ),
    warning("an hour watched names its user", "user_id = ''", "it counts for the unknown member"),
)
