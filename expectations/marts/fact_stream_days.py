"""Business rules of fact_stream_days."""

from expectations.rules.rule import CRITICAL, WARNING, Lookup, Rule

_OF_BATCH = "where stream_id in (select stream_id from {batch} b)"
_SESSION = Lookup(
    "session",
    "select stream_id, sum(day_ms) as days_ms, max(session_ms) as covered_ms from ("
    f"select stream_id, covered_ms as day_ms, null as session_ms from {{fact_stream_days}} {_OF_BATCH} union all "
    f"select stream_id, 0 as day_ms, covered_ms as session_ms from {{fact_stream_sessions}} {_OF_BATCH}"
    ") both_tables group by stream_id",
    ("days_ms", "covered_ms"),
    "session.stream_id = t.stream_id",
)

RULES = (
    Rule(
        name="a day covers at most 24 hours",
        fails="covered_ms > 86400000",
        severity=CRITICAL,
        reason="time is split at UTC midnight",
        shows=("covered_ms",),
    ),
    Rule(
        name="a day without samples has no peak, one with samples has one",
        fails="(samples = 0) <> (peak_viewers is null)",
        severity=CRITICAL,
        reason="the peak is the highest sample of the day",
        shows=("samples", "peak_viewers"),
    ),
    Rule(
        name="no viewer time without covered time",
        fails="covered_ms = 0 and viewer_ms > 0",
        severity=CRITICAL,
        reason="viewers are counted over time",
        shows=("viewer_ms", "covered_ms"),
    ),
    Rule(
        name="a stream's days cover what its session covers",
        fails="session_days_ms <> session_covered_ms",
        severity=WARNING,
        reason="splitting by category and day neither loses nor adds time; or only one of the two was built",
        shows=("session_days_ms", "session_covered_ms"),
        helpers=(_SESSION,),
    ),
)
