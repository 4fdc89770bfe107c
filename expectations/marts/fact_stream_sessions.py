"""Business rules of fact_stream_sessions."""

from expectations.rules.marts import measure_rules, ordered
from expectations.rules.rule import CRITICAL, WARNING, Lookup, Rule

_SAMPLES = Lookup(
    "fact",
    "select stream_id, count(*) as samples, max(viewer_count) as peak from {int_stream_observations} "
    "where stream_id in (select stream_id from {batch} b) group by stream_id",
    ("samples", "peak"),
    "fact.stream_id = t.stream_id",
)

RULES = (
    *measure_rules(),
    ordered("first_seen_at", "last_seen_at"),
    ordered("first_seen_at", "peak_at"),
    ordered("peak_at", "last_seen_at"),
    Rule(
        name="no stream was last seen before it started",
        fails="started_at > timestampadd(minute, 5, last_seen_at)",
        severity=WARNING,
        reason="clocks differ, or a file's snapshot time is wrong",
        shows=("started_at", "last_seen_at"),
    ),
    Rule(
        name="the peak is not below the average",
        fails="peak_viewers < avg_viewers * (1 - 1e-9)",
        severity=CRITICAL,
        reason="an average of samples cannot exceed the highest of them",
        shows=("peak_viewers", "avg_viewers"),
    ),
    Rule(
        name="airtime is at most the time from first to last sample",
        fails="covered_ms > datediff(millisecond, first_seen_at, last_seen_at)",
        severity=CRITICAL,
        reason="more is covered than was observed: time is counted twice",
        shows=("covered_ms", "first_seen_at", "last_seen_at"),
    ),
    Rule(
        name="samples and peak are those of int_stream_observations",
        fails="(samples is distinct from fact_samples) or (peak_viewers is distinct from fact_peak)",
        severity=CRITICAL,
        reason="a session that lost or repeated samples; rebuild it with --full-refresh",
        shows=("samples", "fact_samples", "peak_viewers", "fact_peak"),
        helpers=(_SAMPLES,),
    ),
)
