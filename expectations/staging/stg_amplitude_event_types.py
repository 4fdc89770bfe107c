"""Business rules of stg_amplitude_event_types."""

from expectations.rules.rule import warning

RULES = (
    warning(
        "a total is not negative",
        "weekly_count < 0",
        "totals are of the week so far: a negative one is no count",
        "weekly_count",
    ),
)
