"""Business rules of int_amplitude_merges."""

from __future__ import annotations

from expectations.rules.rule import WARNING, Lookup, Rule

_NEXT = Lookup(
    "successor",
    "select amplitude_id, merged_amplitude_id as led_to from {int_amplitude_merges}",
    ("led_to",),
    "successor.amplitude_id = t.merged_amplitude_id",
)

RULES = (
    Rule(
        name="a merge leads to a user that was not merged",
        fails="successor_led_to <> merged_amplitude_id",
        severity=WARNING,
        reason="a circle of merges, or more than 8 in a row: whose events they are is arbitrary",
        shows=("merged_amplitude_id", "successor_led_to"),
        helpers=(_NEXT,),
    ),
)
