"""Business rules of int_subscription_moments."""

from expectations.rules.rule import CRITICAL, Lookup, Rule

_BEGIN = Lookup(
    "begun",
    "select subscription_id, happened_at from {int_subscription_moments} where period_number = 1 "
    "and subscription_id in (select subscription_id from {batch} b)",
    ("happened_at",),
    "begun.subscription_id = t.subscription_id",
)

RULES = (
    Rule(
        name="the number of the period is that of the activity",
        fails="activity <> case when period_number = 0 then 'subscription_cancelled' "
        "when period_number = 1 then 'subscription_started' else 'subscription_renewed' end",
        severity=CRITICAL,
        reason="the first period begins a subscription, the others renew it, and 0 is its end",
        shows=("activity", "period_number"),
    ),
    Rule(
        name="nothing happens to a subscription before it begins",
        fails="begun_happened_at is null or happened_at < begun_happened_at",
        severity=CRITICAL,
        reason="renewals and the end follow the begin",
        shows=("activity", "happened_at", "begun_happened_at"),
        helpers=(_BEGIN,),
    ),
)
