"""Business rules of fact_mrr_movements."""

from __future__ import annotations

from expectations.rules.marts import COUNTED_MONTHS, first_of_month
from expectations.rules.rule import Lookup, critical

_OF_BATCH = "where entity_id in (select entity_id from {batch} b)"
_ON = "{0}.grain = t.grain and {0}.entity_id = t.entity_id"
_BEFORE = Lookup(
    "before",
    f"select grain, entity_id, dateadd(month, 1, year_month)::date as next_month, closing_mrr "
    f"from {{fact_mrr_movements}} {_OF_BATCH}",
    ("closing_mrr",),
    f"{_ON.format('before')} and before.next_month = t.year_month",
)
_AFTER = Lookup(
    "after",
    f"select grain, entity_id, dateadd(month, -1, year_month)::date as month_before, opening_mrr "
    f"from {{fact_mrr_movements}} {_OF_BATCH}",
    ("opening_mrr",),
    f"{_ON.format('after')} and after.month_before = t.year_month",
)
_FIRST = Lookup(
    "known",
    "select grain, entity_id, min(iff(closing_mrr > 0, year_month, null)) as first_month "
    f"from {{fact_mrr_movements}} {_OF_BATCH} group by grain, entity_id",
    ("first_month",),
    _ON.format("known"),
)
_NEWEST = Lookup("calendar", "select max(year_month) as last_month from {fact_mrr_movements}", ("last_month",), "true")


def _sum(grain: str, entity: str) -> str:
    return (
        f"select '{grain}' as grain, {entity} as entity_id, year_month, sum(counted_mrr) as mrr "
        f"from {COUNTED_MONTHS} where {entity} in (select entity_id from {{batch}} b) "
        f"group by {entity}, year_month"
    )


_MONTHS = Lookup(
    "months",
    f"{_sum('subscription', 'subscription_id')} union all {_sum('customer', 'user_key')}",
    ("mrr",),
    f"{_ON.format('months')} and months.year_month = t.year_month",
)
_MOVEMENT = (
    "case when opening_mrr = 0 and year_month = known_first_month then 'new' when opening_mrr = 0 then 'reactivation' "
    "when closing_mrr = 0 then 'churn' when closing_mrr > opening_mrr then 'expansion' "
    "when closing_mrr < opening_mrr then 'contraction' else 'unchanged' end"
)

RULES = (
    first_of_month("year_month"),
    critical(
        "closing_mrr is the sum of fact_subscription_months",
        "closing_mrr <> coalesce(months_mrr, 0)",
        "revenue that is in one of the two only was lost or counted twice",
        *("closing_mrr", "months_mrr", _MONTHS),
    ),
    critical(
        "a month opens with what the month before closed with",
        "opening_mrr <> coalesce(before_closing_mrr, 0)",
        "movements between two months explain the whole difference",
        *("opening_mrr", "before_closing_mrr", _BEFORE),
    ),
    critical(
        "what a month closes with has a month after it",
        "closing_mrr > 0 and year_month < calendar_last_month and after_opening_mrr is null",
        "revenue that ends is churn in the next month",
        *("closing_mrr", "calendar_last_month", _AFTER, _NEWEST),
    ),
    critical(
        "something is there or was",
        "opening_mrr = 0 and closing_mrr = 0",
        "nothing moved, so there is no movement to name",
    ),
    critical(
        "the movement is what opening and closing say",
        f"movement <> {_MOVEMENT}",
        "10, 15, 15, 0, 20 are new, expansion, unchanged, churn, reactivation (SEMANTICS §5)",
        *("movement", "opening_mrr", "closing_mrr", "known_first_month", _FIRST),
    ),
    critical(
        "mrr_change is closing less opening",
        "mrr_change <> closing_mrr - opening_mrr",
        "changes are summed by movement",
        *("mrr_change", "opening_mrr", "closing_mrr"),
    ),
)
