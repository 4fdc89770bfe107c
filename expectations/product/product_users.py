"""Business rules of product_users."""

from expectations.rules.marts import require_order
from expectations.rules.product import events_of
from expectations.rules.rule import Lookup, critical

_FIRST = Lookup(
    "happened",
    "select user_key, min(happened_at) as first_at from {product_events} "
    "where user_key in (select user_key from {batch} b) group by user_key",
    ("first_at",),
    "happened.user_key = t.user_key",
)

RULES = (
    require_order("first_seen_at", "last_seen_at"),
    events_of("user_key"),
    critical(
        "a user is new with their first event",
        "first_seen_at <> happened_first_at or first_seen_date <> first_seen_at::date",
        "user_creation_time is no longer filled, so the first event of the merged user is all there is",
        *("first_seen_at", "happened_first_at", "first_seen_date", _FIRST),
    ),
    critical(
        "a user that is known was identified at some time",
        "(known_user_id is null) <> (identified_at is null) or identified_at < first_seen_at",
        "identified_at is the first event with a user id",
        *("known_user_id", "identified_at"),
    ),
)
