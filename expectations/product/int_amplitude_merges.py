"""Business rules of int_amplitude_merges."""

from expectations.rules.rule import Lookup, warning

_NEXT = Lookup(
    "successor",
    "select amplitude_id, merged_amplitude_id as led_to from {int_amplitude_merges}",
    ("led_to",),
    "successor.amplitude_id = t.merged_amplitude_id",
)

RULES = (
    warning(
        "a merge leads to a user that was not merged",
        "successor_led_to <> merged_amplitude_id",
        "a circle of merges, or more than 8 in a row: whose events they are is arbitrary",
        *("merged_amplitude_id", "successor_led_to", _NEXT),
    ),
)
