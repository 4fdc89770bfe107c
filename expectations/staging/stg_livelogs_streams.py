"""Business rules of stg_livelogs_streams."""

from expectations.rules.rule import WARNING, Rule

RULES = (
    Rule(
        name="a stream ends after it began",
        fails="ended_at < started_at",
        severity=WARNING,
        reason="a slip in one of the times: no gift can be placed in the stream",
        shows=("started_at", "ended_at"),
    ),
    Rule(
        name="duration is the time from begin to end, to the second",
        fails="abs(datediff(second, started_at, ended_at) - duration_seconds) > 1",
        severity=WARNING,
        reason="durations are taken as logged; one of the three is wrong",
        shows=("started_at", "ended_at", "duration_seconds"),
    ),
    Rule(
        name="no stream begins after the read",
        fails="started_at > snapshot_at",
        severity=WARNING,
        reason="a time that is not UTC, or a wrong time of the read",
        shows=("started_at",),
    ),
)
