"""Business rules of mart_streamer_daily."""

from expectations.rules.marts import measure_rules
from expectations.rules.rule import Lookup, critical, warning

_DAYS = Lookup(
    "days",
    "select streamer_key, date_day, sum(viewer_ms) as viewer_ms, sum(covered_ms) as covered_ms "
    "from {fact_stream_days} where date_day in (select date_day from {batch} b) group by streamer_key, date_day",
    ("viewer_ms", "covered_ms"),
    "days.streamer_key = t.streamer_key and days.date_day = t.date_day",
)

RULES = (
    *measure_rules(),
    critical(
        "viewer time and airtime are the sums of fact_stream_days",
        "(viewer_ms is distinct from days_viewer_ms) or (covered_ms is distinct from days_covered_ms)",
        "a streamer's day is the sum of the streams of that day",
        *("viewer_ms", "days_viewer_ms", "covered_ms", "days_covered_ms", _DAYS),
    ),
    warning(
        "nobody is on air for more than 24 hours of a day",
        "airtime_minutes > 1440",
        "a streamer has one stream at a time; more means that two ids overlap",
        "airtime_minutes",
    ),
)
