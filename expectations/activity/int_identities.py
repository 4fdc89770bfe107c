"""Business rules of int_identities."""

from expectations.rules.rule import CRITICAL, WARNING, Lookup, Rule

_ONWARD = Lookup(
    "onward",
    "select known_as as customer, max(customer) as led_to from {int_identities} group by known_as",
    ("led_to",),
    "onward.customer = t.customer",
)

RULES = (
    Rule(
        name="facts of streamers and of viewers find the link by the same hash",
        fails="streamer_key <> user_key",
        severity=CRITICAL,
        reason="both are the hash of (platform, anonymous_id)",
    ),
    Rule(
        name="links do not go in a circle",
        fails="onward_led_to is not null",
        severity=WARNING,
        reason="linked to itself over others; the circle ends at its least name: take one of its links back",
        shows=("known_as", "customer", "onward_led_to"),
        helpers=(_ONWARD,),
    ),
)
