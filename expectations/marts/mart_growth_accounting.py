"""Business rules of mart_growth_accounting."""

from expectations.rules.periods import first_of_period, newest_day_in, periods_later, streamers_only
from expectations.rules.rule import Lookup, critical

_BEFORE = Lookup(
    "before",
    f"select customer_kind, period, {periods_later('1', 'period_start')} as following_start, active_count, "
    "cumulative_count from {mart_growth_accounting}",
    ("active_count", "cumulative_count"),
    "before.customer_kind = t.customer_kind and before.period = t.period and before.following_start = t.period_start",
)
_FIRST = Lookup(
    "known",
    "select customer_kind, period, min(period_start) as first_start from {mart_growth_accounting} "
    "group by customer_kind, period",
    ("first_start",),
    "known.customer_kind = t.customer_kind and known.period = t.period",
)
_COUNTED = Lookup(
    "counted",
    "select customer_kind, period, period_start, count(*) as active, count_if(previous_start is null) as new, "
    f"count_if({periods_later('1', 'previous_start')} = period_start) as retained, "
    "sum(activity_count) as activities, coalesce(sum(stream_count), 0) as streams from {int_customer_periods} "
    "where period_start in (select period_start from {batch} b) group by customer_kind, period, period_start",
    ("active", "new", "retained", "activities", "streams"),
    "counted.customer_kind = t.customer_kind and counted.period = t.period and counted.period_start = t.period_start",
)

RULES = (
    first_of_period("period_start"),
    critical(
        "active = new + retained + resurrected",
        "active_count <> new_count + retained_count + resurrected_count",
        "everybody who is active is there for the first time, still or again (SEMANTICS §5)",
        *("active_count", "new_count", "retained_count", "resurrected_count"),
    ),
    critical(
        "active of the period before = retained + churned",
        "coalesce(before_active_count, 0) <> retained_count + churned_count",
        "everybody who was active is still there or gone (SEMANTICS §5)",
        *("before_active_count", "retained_count", "churned_count", _BEFORE),
    ),
    critical(
        "cumulative = cumulative of the period before + new",
        "cumulative_count <> coalesce(before_cumulative_count, 0) + new_count",
        "nobody is new twice",
        *("cumulative_count", "before_cumulative_count", "new_count", _BEFORE),
    ),
    critical(
        "no period is missing",
        "before_active_count is null and period_start > known_first_start",
        "a period without activity is there with zeros, so that series have no holes",
        *(_BEFORE, _FIRST),
    ),
    critical(
        "counts are those of int_customer_periods",
        "active_count <> coalesce(counted_active, 0) or new_count <> coalesce(counted_new, 0) "
        "or retained_count <> coalesce(counted_retained, 0) or activity_count <> coalesce(counted_activities, 0) "
        "or stream_count <> coalesce(counted_streams, 0)",
        "each customer counts once in a period",
        *("active_count", "counted_active", "new_count", "retained_count", "activity_count", "stream_count", _COUNTED),
    ),
    critical(
        "quick_ratio is (new + resurrected) / churned",
        "abs(quick_ratio - (new_count + resurrected_count)::float / nullif(churned_count, 0)::float) > 1e-9 "
        "or (quick_ratio is null) <> (churned_count = 0)",
        "NULL where nobody churned",
        *("quick_ratio", "new_count", "resurrected_count", "churned_count"),
    ),
    critical(
        "a period is over when a later day has data",
        f"is_over <> ({periods_later('1', 'period_start')} <= reach_newest_day)",
        "counts of a period that goes on are not final",
        *("is_over", "reach_newest_day", newest_day_in("mart_growth_accounting")),
    ),
    streamers_only(),
)
