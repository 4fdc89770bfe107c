"""Business rules of mart_retention_cohorts."""

from expectations.rules.periods import first_of_period, newest_day_in, periods_later, streamers_only
from expectations.rules.rule import Lookup, critical

_COHORT = ("customer_kind", "period", "cohort_start")
_ON = " and ".join(f"{{0}}.{name} = t.{name}" for name in _COHORT)
_OF_BATCH = "where cohort_start in (select cohort_start from {batch} b)"
_COUNTED = Lookup(
    "counted",
    "select customer_kind, period, cohort_start, period_start, count(*) as customers, sum(activity_count) as acts, "
    f"coalesce(sum(stream_count), 0) as streams from {{int_customer_periods}} {_OF_BATCH} "
    "group by customer_kind, period, cohort_start, period_start",
    ("customers", "acts", "streams"),
    f"{_ON.format('counted')} and counted.period_start = t.period_start",
)
_BEGUN = Lookup(
    "begun",
    "select customer_kind, period, cohort_start, count_if(previous_start is null) as customers "
    f"from {{int_customer_periods}} {_OF_BATCH} group by customer_kind, period, cohort_start",
    ("customers",),
    _ON.format("begun"),
)
_CELLS = Lookup(
    "cells",
    "select customer_kind, period, cohort_start, count(*) as of_cohort, max(age) as oldest, "
    "max(period_start) as last_start from {mart_retention_cohorts} group by customer_kind, period, cohort_start",
    ("of_cohort", "oldest", "last_start"),
    _ON.format("cells"),
)
_NEWEST = Lookup(
    "known",
    "select customer_kind, period, max(period_start) as newest_start from {mart_retention_cohorts} "
    "group by customer_kind, period",
    ("newest_start",),
    "known.customer_kind = t.customer_kind and known.period = t.period",
)

RULES = (
    first_of_period("cohort_start", "period_start"),
    critical(
        "period_start is age periods after cohort_start",
        f"period_start <> {periods_later('age', 'cohort_start')}",
        "ages count calendar periods",
        *("period", "cohort_start", "age", "period_start"),
    ),
    critical(
        "at age 0 the whole cohort is active",
        "age = 0 and customer_count <> cohort_size",
        "the first act is what makes a customer one of the cohort",
        *("customer_count", "cohort_size"),
    ),
    critical(
        "retention_rate is customer_count / cohort_size",
        "abs(retention_rate - customer_count::float / cohort_size::float) > 1e-9 "
        "or (retention_rate is null) <> (customer_count is null)",
        "a rate stands beside the count that it is of",
        *("retention_rate", "customer_count", "cohort_size"),
    ),
    critical(
        "what is measured is NULL until the period is over",
        f"(customer_count is null) <> ({periods_later('1', 'period_start')} > reach_newest_day) "
        "or (activity_count is null) <> (customer_count is null)",
        "0 would say that nobody came back, which is not known yet (SEMANTICS §5)",
        *("customer_count", "activity_count", "reach_newest_day", newest_day_in("mart_retention_cohorts")),
    ),
    critical(
        "a cohort has every age up to the newest period",
        "cells_of_cohort <> cells_oldest + 1 or cells_last_start <> known_newest_start",
        "an age without return is there with 0, so that curves have no holes",
        *("cells_of_cohort", "cells_oldest", "cells_last_start", "known_newest_start", _CELLS, _NEWEST),
    ),
    critical(
        "cohort_size is the number of customers whose first act is in it",
        "cohort_size is distinct from begun_customers",
        "each customer is in one cohort of each kind of period",
        *("cohort_size", "begun_customers", _BEGUN),
    ),
    critical(
        "counts are those of int_customer_periods",
        "customer_count <> coalesce(counted_customers, 0) or activity_count <> coalesce(counted_acts, 0) "
        "or stream_count <> coalesce(counted_streams, 0)",
        "each customer counts once in a cell, each stream too",
        *("customer_count", "counted_customers", "activity_count", "stream_count", _COUNTED),
    ),
    streamers_only("customer_count"),
)
