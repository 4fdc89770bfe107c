"""Business rules of product_event_properties."""

from expectations.rules.rule import critical

RULES = (
    critical(
        "value_number is there for numbers only",
        "(value_number is not null) <> (value_type in ('INTEGER', 'DECIMAL', 'DOUBLE'))",
        "sums and averages read value_number",
        *("value", "value_number", "value_type"),
    ),
)
