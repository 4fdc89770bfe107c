"""Of growth and retention: what a good row says, and the one change that breaks each hand-written rule."""

from __future__ import annotations

from typing import Any

Values = dict[str, Any]

_DAY, _LATER = "2026-03-01", "2026-06-01"

GOOD: dict[str, Values] = {
    "int_customer_periods": {
        "person": "grown",
        "period_start": _DAY,
        "cohort_start": _DAY,
        "previous_start": None,
        "next_start": None,
        "activity_count": 1,
        "stream_count": 1,
    },
    "mart_growth_accounting": {
        "period_start": _DAY,
        "is_over": True,
        "active_count": 1,
        "new_count": 1,
        "retained_count": 0,
        "resurrected_count": 0,
        "churned_count": 0,
        "cumulative_count": 1,
        "stream_count": 1,
        "activity_count": 1,
        "quick_ratio": None,
    },
    "mart_retention_cohorts": {
        "cohort_start": _DAY,
        "age": 0,
        "period_start": _DAY,
        "cohort_size": 1,
        "customer_count": 1,
        "retention_rate": 1.0,
        "stream_count": 1,
        "activity_count": 1,
    },
}

_UNKNOWN = {name: None for name in ("customer_count", "retention_rate", "stream_count", "activity_count")}

# What the good row of int_customer_periods counts.
STREAM_BEGUN: Values = {
    "activity_id": "grown",
    "person": "grown",
    "activity": "stream_started",
    "ts": f"{_DAY} 12:00:00",
}

# Rows that rules look up, in no batch that is checked.
ALSO: dict[str, list[Values]] = {
    "mart_growth_accounting": [{"period_start": _LATER}],
    # The cohort of the good row ends with the newest day that the mart has.
    "mart_retention_cohorts": [{"age": 1, "period_start": "2026-03-02", **_UNKNOWN}],
}

APART: dict[str, Values] = {
    "int_customer_periods": {"person": "apart", "period_start": "2026-04-01", "cohort_start": "2026-04-01"},
    "mart_growth_accounting": {"period_start": "2026-05-01"},
    "mart_retention_cohorts": {"period": "week", "cohort_start": "2026-02-02", "period_start": "2026-02-02"},
}

_STREAMERS_ONLY = {"streams are counted of streamers only": {"stream_count": None}}

PLANTED: dict[str, dict[str, Values | list[Values]]] = {
    "int_customer_periods": {
        **_STREAMERS_ONLY,
        "cohort_start and period_start are the first of a period": {"period": "month", "cohort_start": "2026-03-31"},
        "the periods before and after are the customer's own": {"person": "alone", "next_start": "2026-04-02"},
        "acts are those of the activity streams": {"person": "idle"},
        "customer_kind, person, period, period_start never repeat": [{}, {}],
    },
    "mart_growth_accounting": {
        **_STREAMERS_ONLY,
        "period_start is the first of a period": {"period": "week", "period_start": "2026-05-05"},
        "active = new + retained + resurrected": {"resurrected_count": 1},
        "active of the period before = retained + churned": {"churned_count": 1},
        "cumulative = cumulative of the period before + new": {"cumulative_count": 2},
        "no period is missing": [{}],
        "counts are those of int_customer_periods": {"period_start": _DAY, "period": "month", "activity_count": 2},
        "quick_ratio is (new + resurrected) / churned": {"churned_count": 2, "quick_ratio": 1.0},
        "a period is over when a later day has data": {"is_over": False},
        "customer_kind, period, period_start never repeat": [{}, {}],
    },
    "mart_retention_cohorts": {
        **_STREAMERS_ONLY,
        "cohort_start and period_start are the first of a period": {"cohort_start": "2026-02-03"},
        "period_start is age periods after cohort_start": {"age": 1},
        "at age 0 the whole cohort is active": {"customer_count": 0},
        "retention_rate is customer_count / cohort_size": {"retention_rate": 0.5},
        "what is measured is NULL until the period is over": _UNKNOWN,
        "a cohort has every age up to the newest period": {
            "cohort_start": "2026-01-05",
            "age": 1,
            "period_start": "2026-01-12",
        },
        "cohort_size is the number of customers whose first act is in it": {"cohort_size": 2},
        "counts are those of int_customer_periods": {"customer_count": 2},
        "customer_kind, period, cohort_start, age never repeat": [{}, {}],
    },
}
