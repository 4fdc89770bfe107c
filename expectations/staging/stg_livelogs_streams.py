"""Business rules of stg_livelogs_streams."""

from expectations.rules.rule import warning

RULES = (
    warning(
        "a stream ends after it began",
        "ended_at < started_at",
        "a slip in one of the times: no gift can be placed in the stream",
        *("started_at", "ended_at"),
    ),
    warning(
        "duration is the time from begin to end, to the second",
        "abs(datediff(second, started_at, ended_at) - duration_seconds) > 1",
        "durations are taken as logged; one of the three is wrong",
        *("started_at", "ended_at", "duration_seconds"),
    ),
    warning(
        "no stream begins after the read",
        "started_at > snapshot_at",
        "a time that is not UTC, or a wrong time of the read",
        "started_at",
    ),
)
