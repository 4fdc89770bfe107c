"""Business rules of fact_stream_sessions."""

from expectations.rules.marts import measure_rules, require_order
from expectations.rules.rule import Lookup, critical, warning

_SAMPLES = Lookup(
    "fact",
    "select stream_id, count(*) as samples, max(viewer_count) as peak from {int_stream_observations} "
    "where stream_id in (select stream_id from {batch} b) group by stream_id",
    ("samples", "peak"),
    "fact.stream_id = t.stream_id",
)

RULES = (
    *measure_rules(),
    require_order("first_seen_at", "last_seen_at"),
    require_order("first_seen_at", "peak_at"),
    require_order("peak_at", "last_seen_at"),
    warning(
        "no stream was last seen before it started",
        "started_at > timestampadd(minute, 5, last_seen_at)",
        "clocks differ, or a file's snapshot time is wrong",
        *("started_at", "last_seen_at"),
    ),
    critical(
        "the peak is not below the average",
        "peak_viewers < avg_viewers * (1 - 1e-9)",
        "an average of samples cannot exceed the highest of them",
        *("peak_viewers", "avg_viewers"),
    ),
    critical(
        "airtime is at most the time from first to last sample",
        "covered_ms > datediff(millisecond, first_seen_at, last_seen_at)",
        "more is covered than was observed: time is counted twice",
        *("covered_ms", "first_seen_at", "last_seen_at"),
    ),
    critical(
        "samples and peak are those of int_stream_observations",
        "(samples is distinct from fact_samples) or (peak_viewers is distinct from fact_peak)",
        "a session that lost or repeated samples; rebuild it with --full-refresh",
        *("samples", "fact_samples", "peak_viewers", "fact_peak", _SAMPLES),
    ),
)
