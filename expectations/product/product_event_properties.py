"""Business rules of product_event_properties."""

from __future__ import annotations

from expectations.rules.rule import CRITICAL, Rule

RULES = (
    Rule(
        name="value_number is there for numbers only",
        fails="(value_number is not null) <> (value_type in ('INTEGER', 'DECIMAL', 'DOUBLE'))",
        severity=CRITICAL,
        reason="sums and averages read value_number",
        shows=("value", "value_number", "value_type"),
    ),
)
