"""Business rules of product_users."""

from __future__ import annotations

from expectations.rules.marts import ordered
from expectations.rules.product import events_of
from expectations.rules.rule import CRITICAL, Lookup, Rule

_FIRST = Lookup(
    "happened",
    "select user_key, min(happened_at) as first_at from {product_events} "
    "where user_key in (select user_key from {batch} b) group by user_key",
    ("first_at",),
    "happened.user_key = t.user_key",
)

RULES = (
    ordered("first_seen_at", "last_seen_at"),
    events_of("user_key"),
    Rule(
        name="a user is new with their first event",
        fails="first_seen_at <> happened_first_at or first_seen_date <> first_seen_at::date",
        severity=CRITICAL,
        reason="user_creation_time is no longer filled, so the first event of the merged user is all there is",
        shows=("first_seen_at", "happened_first_at", "first_seen_date"),
        helpers=(_FIRST,),
    ),
    Rule(
        name="a user that is known was identified at some time",
        fails="(known_user_id is null) <> (identified_at is null) or identified_at < first_seen_at",
        severity=CRITICAL,
        reason="identified_at is the first event with a user id",
        shows=("known_user_id", "identified_at"),
    ),
)
