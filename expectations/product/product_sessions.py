"""Business rules of product_sessions."""

from __future__ import annotations

from expectations.rules.marts import ordered
from expectations.rules.product import events_of
from expectations.rules.rule import CRITICAL, WARNING, Lookup, Rule

_NUMBERS = Lookup(
    "numbers",
    "select user_key, count(*) as sessions, count(distinct session_number) as numbers, max(session_number) as last, "
    "count_if(is_first_session) as firsts from {product_sessions} "
    "where user_key in (select user_key from {batch} b) group by user_key",
    ("sessions", "numbers", "last", "firsts"),
    "numbers.user_key = t.user_key",
)
_FOLLOWING = Lookup(
    "successor",
    "select user_key, session_number - 1 as number_before, started_at from {product_sessions} "
    "where user_key in (select user_key from {batch} b)",
    ("started_at",),
    "successor.user_key = t.user_key and successor.number_before = t.session_number",
)

RULES = (
    ordered("started_at", "ended_at"),
    events_of("session_key"),
    Rule(
        name="a user's sessions are 1 to n without a gap",
        fails="numbers_numbers <> numbers_sessions or numbers_last <> numbers_sessions",
        severity=CRITICAL,
        reason="first and nth sessions are found by their number, also after a late upload or a merge",
        shows=("session_number", "numbers_sessions"),
        helpers=(_NUMBERS,),
    ),
    Rule(
        name="a user has one first session",
        fails="numbers_firsts <> 1 or is_first_session <> (session_number = 1)",
        severity=CRITICAL,
        reason="first sessions are counted by is_first_session",
        shows=("session_number", "is_first_session"),
        helpers=(_NUMBERS,),
    ),
    Rule(
        name="sessions are in the order of their start",
        fails="successor_started_at < started_at",
        severity=CRITICAL,
        reason="a late session is numbered at its place",
        shows=("session_number", "started_at", "successor_started_at"),
        helpers=(_FOLLOWING,),
    ),
    Rule(
        name="a session is shorter than a day",
        fails="length_seconds >= 86400",
        severity=WARNING,
        reason="an app that never ends its sessions, or a device whose clock jumped",
        shows=("length_seconds",),
    ),
)
