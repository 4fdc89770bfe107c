"""Business rules of fact_stream_days."""

from __future__ import annotations

from expectations.rules import CRITICAL, Lookup, Rule

_SESSION = Lookup(
    "session",
    "select d.stream_id, d.covered_ms as days_ms, s.covered_ms as covered_ms "
    "from (select stream_id, sum(covered_ms) as covered_ms from {fact_stream_days} "
    "where stream_id in (select stream_id from {batch} b) group by stream_id) d "
    "left join {fact_stream_sessions} s on s.stream_id = d.stream_id",
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
        reads=("covered_ms",),
    ),
    Rule(
        name="a day without samples has no peak, one with samples has one",
        fails="(samples = 0) <> (peak_viewers is null)",
        severity=CRITICAL,
        reason="the peak is the highest sample of the day",
        shows=("samples", "peak_viewers"),
        reads=("samples", "peak_viewers"),
    ),
    Rule(
        name="no viewer time without covered time",
        fails="covered_ms = 0 and viewer_ms > 0",
        severity=CRITICAL,
        reason="viewers are counted over time",
        shows=("viewer_ms", "covered_ms"),
        reads=("viewer_ms", "covered_ms"),
    ),
    Rule(
        name="a stream's days cover what its session covers",
        fails="session_days_ms <> session_covered_ms",
        severity=CRITICAL,
        reason="splitting by category and day neither loses nor adds time",
        shows=("session_days_ms", "session_covered_ms"),
        helpers=(_SESSION,),
        reads=("stream_id", "covered_ms"),
    ),
)
