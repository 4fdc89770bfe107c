"""Business rules of mart_game_daily."""

from expectations.rules.marts import measure_rules
from expectations.rules.rule import Lookup, critical

_DAYS = Lookup(
    "days",
    "select game_id, date_day, sum(viewer_ms) as viewer_ms, sum(covered_ms) as covered_ms, "
    "max(peak_viewers) as highest_sample from {fact_stream_days} "
    "where date_day in (select date_day from {batch} b) group by game_id, date_day",
    ("viewer_ms", "covered_ms", "highest_sample"),
    "days.game_id = t.game_id and days.date_day = t.date_day",
)

RULES = (
    *measure_rules(),
    critical(
        "viewer time and airtime are the sums of fact_stream_days",
        "(viewer_ms is distinct from days_viewer_ms) or (covered_ms is distinct from days_covered_ms)",
        "a category's day is the sum of its streams of that day",
        *("viewer_ms", "days_viewer_ms", "covered_ms", "days_covered_ms", _DAYS),
    ),
    critical(
        "the category's peak is at least the highest sample of its streams",
        "peak_viewers < days_highest_sample",
        "the viewers of a category at a snapshot include those of its biggest stream",
        *("peak_viewers", "days_highest_sample", _DAYS),
    ),
)
