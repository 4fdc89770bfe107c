"""Business rules of stg_livelogs_gifts."""

from expectations.rules.rule import WARNING, Rule

RULES = (
    Rule(
        name="both times of a gift are the same second",
        fails="datediff(second, '1970-01-01'::timestamp_ntz, gifted_at) <> unix_seconds",
        severity=WARNING,
        reason="utcTimestamp is taken; if timestamp is right it was not UTC",
        shows=("gifted_at", "unix_seconds"),
    ),
    Rule(
        name="no gift is later than the read",
        fails="gifted_at > snapshot_at",
        severity=WARNING,
        reason="a time that is not UTC, or a wrong time of the read",
        shows=("gifted_at",),
    ),
    Rule(
        name="a gift is worth points",
        fails="points <= 0",
        severity=WARNING,
        reason="a cancelled gift is marked and keeps its points; what takes points away is no gift",
        shows=("points", "transaction_type"),
    ),
)
