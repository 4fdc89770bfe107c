"""Business rules of int_identities."""

from expectations.rules.rule import Lookup, critical, warning

_ONWARD = Lookup(
    "onward",
    "select known_as as customer, max(customer) as led_to from {int_identities} group by known_as",
    ("led_to",),
    "onward.customer = t.customer",
)

RULES = (
    critical(
        "facts of streamers and of viewers find the link by the same hash",
        "streamer_key <> user_key",
        "both are the hash of (platform, anonymous_id)",
    ),
    warning(
        "links do not go in a circle",
        "onward_led_to is not null",
        "linked to itself over others; the circle ends at its least name: take one of its links back",
        *("known_as", "customer", "onward_led_to", _ONWARD),
    ),
)
