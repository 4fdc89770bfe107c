"""Business rules of subscriptions_history_check."""

from expectations.rules.history import deletions_are_snapshots
from transforms.history.subscriptions_history_check import TABLE

RULES = (deletions_are_snapshots(TABLE, "stg_billing_subscriptions"),)
