"""Business rules of product_sessions."""

from expectations.rules.marts import require_order
from expectations.rules.product import events_of
from expectations.rules.rule import Lookup, critical, warning

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
    require_order("started_at", "ended_at"),
    events_of("session_key"),
    critical(
        "a user's sessions are 1 to n without a gap",
        "numbers_numbers <> numbers_sessions or numbers_last <> numbers_sessions",
        "first and nth sessions are found by their number, also after a late upload or a merge",
        *("session_number", "numbers_sessions", _NUMBERS),
    ),
    critical(
        "a user has one first session",
        "numbers_firsts <> 1 or is_first_session <> (session_number = 1)",
        "first sessions are counted by is_first_session",
        *("session_number", "is_first_session", _NUMBERS),
    ),
    critical(
        "sessions are in the order of their start",
        "successor_started_at < started_at",
        "a late session is numbered at its place",
        *("session_number", "started_at", "successor_started_at", _FOLLOWING),
    ),
    warning(
        "a session is shorter than a day",
        "length_seconds >= 86400",
        "an app that never ends its sessions, or a device whose clock jumped",
        "length_seconds",
    ),
)
