"""Business rules of stg_billing_payments."""

from expectations.rules.rule import WARNING, Rule
from expectations.rules.staging import not_after_snapshot

RULES = (
    not_after_snapshot("payment_date"),
    Rule(
        name="a payment moves money",
        fails="amount = 0",
        severity=WARNING,
        reason="neither a payment nor a refund; it is counted as neither",
        shows=("amount",),
    ),
    Rule(
        name="a payment names its user",
        fails="user_id = ''",
        severity=WARNING,
        reason="it counts as revenue of the unknown member",
        shows=("user_id", "amount"),
    ),
)
