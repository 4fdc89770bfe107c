"""Business rules of stg_billing_payments."""

from expectations.rules.rule import warning
from expectations.rules.staging import not_after_snapshot

RULES = (
    not_after_snapshot("payment_date"),
    warning(
        "a payment moves money", "amount = 0", "neither a payment nor a refund; it is counted as neither", "amount"
    ),
    warning(
        "a payment names its user", "user_id = ''", "it counts as revenue of the unknown member", *("user_id", "amount")
    ),
)
