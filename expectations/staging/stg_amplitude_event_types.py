"""Business rules of stg_amplitude_event_types."""

from __future__ import annotations

from expectations.rules.rule import WARNING, Rule

RULES = (
    Rule(
        name="a total is not negative",
        fails="weekly_count < 0",
        severity=WARNING,
        reason="totals are of the week so far: a negative one is no count",
        shows=("weekly_count",),
    ),
)
