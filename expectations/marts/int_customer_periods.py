"""Business rules of int_customer_periods."""

from __future__ import annotations

from expectations.rules.periods import first_day, first_of_period, streamers_only
from expectations.rules.rule import Lookup, critical, quote_literal
from transforms.marts.int_customer_periods import NO_ACTS_OF_VIEWERS, STREAMER_ACTS

_OF_BATCH = "person in (select person from {batch} b)"
_KEY = ("customer_kind", "person", "period", "period_start")
_AROUND = Lookup(
    "around",
    "select customer_kind, person, period, period_start, "
    "min(period_start) over (partition by customer_kind, person, period) as first_start, "
    "lag(period_start) over (partition by customer_kind, person, period order by period_start) as before_start, "
    "lead(period_start) over (partition by customer_kind, person, period order by period_start) as after_start "
    f"from {{int_customer_periods}} where {_OF_BATCH}",
    ("first_start", "before_start", "after_start"),
    " and ".join(f"around.{name} = t.{name}" for name in _KEY),
)


def _acts(kind: str, condition: str) -> str:
    return (
        f"select '{kind}' as customer_kind, person, ts::date as day_of_act "
        f"from {{{kind}_activity}} where {condition} and {_OF_BATCH}"
    )


def _names(activities: tuple[str, ...]) -> str:
    return ", ".join(quote_literal(name) for name in activities)


_VIEWERS_ACT = (
    f"activity not in ({_names(NO_ACTS_OF_VIEWERS)}) "
    "and not (activity = 'payment_made' and coalesce(revenue_impact, 0) < 0)"
)
_ACTS = Lookup(
    "acts",
    f"select customer_kind, person, period, {first_day('day_of_act')} as of_period, count(*) as found "
    f"from ({_acts('streamer', f'activity in ({_names(STREAMER_ACTS)})')} "
    f"union all {_acts('viewer', _VIEWERS_ACT)}) a "
    "cross join (select 'day' as period union all select 'week' union all select 'month') p "
    "where a.day_of_act <= (select max(period_start) from {int_customer_periods} where period = 'day') "
    "group by 1, 2, 3, 4",
    ("found",),
    "acts.customer_kind = t.customer_kind and acts.person = t.person and acts.period = t.period "
    "and acts.of_period = t.period_start",
)

RULES = (
    first_of_period("cohort_start", "period_start"),
    critical(
        "the periods before and after are the customer's own",
        "cohort_start <> around_first_start or previous_start is distinct from around_before_start "
        "or next_start is distinct from around_after_start",
        "who is new, retained, back or gone is read from them",
        *("cohort_start", "previous_start", "next_start", "around_before_start", "around_after_start", _AROUND),
    ),
    critical(
        "acts are those of the activity streams",
        "activity_count is distinct from acts_found",
        "each act counts once, in the day, the week and the month of its time",
        *("activity_count", "acts_found", _ACTS),
    ),
    streamers_only(),
)
