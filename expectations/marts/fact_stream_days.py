"""Business rules of fact_stream_days."""

from expectations.rules.rule import Lookup, critical, warning

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
    critical("a day covers at most 24 hours", "covered_ms > 86400000", "time is split at UTC midnight", "covered_ms"),
    critical(
        "a day without samples has no peak, one with samples has one",
        "(samples = 0) <> (peak_viewers is null)",
        "the peak is the highest sample of the day",
        *("samples", "peak_viewers"),
    ),
    critical(
        "no viewer time without covered time",
        "covered_ms = 0 and viewer_ms > 0",
        "viewers are counted over time",
        *("viewer_ms", "covered_ms"),
    ),
    warning(
        "a stream's days cover what its session covers",
        "session_days_ms <> session_covered_ms",
        "splitting by category and day neither loses nor adds time; or only one of the two was built",
        *("session_days_ms", "session_covered_ms", _SESSION),
    ),
)
