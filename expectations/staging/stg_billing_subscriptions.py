"""Business rules of stg_billing_subscriptions."""

from expectations.rules.rule import Lookup, warning
from expectations.rules.staging import one_state_per_update
from transforms.staging.stg_billing_subscriptions import TABLE

_LISTED = Lookup(
    "listed",
    "select distinct user_key from {stg_billing_users} where user_key in (select user_key from {batch} b)",
    ("user_key",),
    "listed.user_key = t.user_key",
)

RULES = (
    one_state_per_update(TABLE),
    warning(
        "no subscription ends before it starts",
        "end_date < start_date",
        "it is kept and never active; a slip in one of the dates, or one that was cancelled before it began",
        *("start_date", "end_date"),
    ),
    warning(
        "a subscription's user is known",
        "listed_user_key is null",
        "no delivery of users lists the user: the subscription counts, its user has no details",
        *("user_id", _LISTED),
    ),
    warning(
        "a subscription has a time of its last change",
        "updated_at is null",
        "the field is there and empty: subscriptions_history_timestamp cannot place the record and refuses it",
    ),
)
