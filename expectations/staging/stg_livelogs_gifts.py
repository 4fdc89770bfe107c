"""Business rules of stg_livelogs_gifts."""

from expectations.rules.rule import warning

RULES = (
    warning(
        "both times of a gift are the same second",
        "datediff(second, '1970-01-01'::timestamp_ntz, gifted_at) <> unix_seconds",
        "utcTimestamp is taken; if timestamp is right it was not UTC",
        *("gifted_at", "unix_seconds"),
    ),
    warning(
        "no gift is later than the read",
        "gifted_at > snapshot_at",
        "a time that is not UTC, or a wrong time of the read",
        "gifted_at",
    ),
    warning(
        "a gift is worth points",
        "points <= 0",
        "a cancelled gift is marked and keeps its points; what takes points away is no gift",
        *("points", "transaction_type"),
    ),
)
