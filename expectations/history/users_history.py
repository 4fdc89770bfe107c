"""Business rules of users_history."""

from expectations.rules.history import deletions_are_snapshots
from transforms.history.users_history import TABLE

RULES = (deletions_are_snapshots(TABLE, "stg_billing_users"),)
