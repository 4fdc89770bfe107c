"""Business rules of int_subscription_moments."""

from expectations.rules.rule import Lookup, critical

_BEGIN = Lookup(
    "begun",
    "select subscription_id, happened_at from {int_subscription_moments} where period_number = 1 "
    "and subscription_id in (select subscription_id from {batch} b)",
    ("happened_at",),
    "begun.subscription_id = t.subscription_id",
)

RULES = (
    critical(
        "the number of the period is that of the activity",
        "activity <> case when period_number = 0 then 'subscription_cancelled' "
        "when period_number = 1 then 'subscription_started' else 'subscription_renewed' end",
        "the first period begins a subscription, the others renew it, and 0 is its end",
        *("activity", "period_number"),
    ),
    critical(
        "nothing happens to a subscription before it begins",
        "begun_happened_at is null or happened_at < begun_happened_at",
        "renewals and the end follow the begin",
        *("activity", "happened_at", "begun_happened_at", _BEGIN),
    ),
)
