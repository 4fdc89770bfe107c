"""Business rules of mart_mrr_movements."""

from __future__ import annotations

from expectations.rules.marts import COUNTED_MONTHS, first_of_month
from expectations.rules.rule import Lookup, Rule, critical
from transforms.marts.mart_mrr_movements import MOVED

_BEFORE = Lookup(
    "before",
    "select grain, dateadd(month, 1, year_month)::date as next_month, closing_mrr, active_count "
    "from {mart_mrr_movements}",
    ("closing_mrr", "active_count"),
    "before.grain = t.grain and before.next_month = t.year_month",
)
_FIRST = Lookup("calendar", "select min(year_month) as first_month from {mart_mrr_movements}", ("first_month",), "true")
_OTHER = Lookup(
    "other",
    "select grain, year_month, closing_mrr from {mart_mrr_movements}",
    ("closing_mrr",),
    "other.grain <> t.grain and other.year_month = t.year_month",
)
_MONTHS = Lookup(
    "months",
    "select year_month, sum(counted_mrr) as mrr "
    f"from {COUNTED_MONTHS} "
    "where year_month in (select year_month from {batch} b) group by year_month",
    ("mrr",),
    "months.year_month = t.year_month",
)
_SUMS = ", ".join(
    f"sum(iff(movement = '{movement}', abs(mrr_change), 0)) as {name}_mrr, "
    f"count_if(movement = '{movement}') as {name}_count"
    for movement, name in MOVED.items()
)
_SUMMED = Lookup(
    "summed",
    f"select grain, year_month, {_SUMS} from {{fact_mrr_movements}} "
    "where year_month in (select year_month from {batch} b) group by grain, year_month",
    tuple(f"{name}_{kind}" for name in MOVED.values() for kind in ("mrr", "count")),
    "summed.grain = t.grain and summed.year_month = t.year_month",
)


def _differs(kind: str) -> str:
    names = [f"{name}_{kind}" for name in MOVED.values()]
    return " or ".join(f"{name} <> coalesce(summed_{name}, 0)" for name in names)


def _rate(name: str, kept: str) -> Rule:
    """Return a share of what the month opened with."""
    rate = f"({kept})::float / nullif(opening_mrr, 0)::float"
    return critical(
        f"{name} is ({kept}) / opening_mrr",
        f"abs({name} - {rate}) > 1e-9 or ({name} is null) <> (opening_mrr = 0)",
        "NULL where nothing was there to be kept",
        *(name, "opening_mrr"),
    )


RULES = (
    first_of_month("year_month"),
    critical(
        "closing = opening + new + reactivation + expansion - contraction - churned",
        "closing_mrr <> opening_mrr + new_mrr + reactivation_mrr + expansion_mrr - contraction_mrr - churned_mrr",
        "the movements explain the whole change of a month, to the cent (SEMANTICS §5)",
        *("opening_mrr", "closing_mrr"),
    ),
    critical(
        "active = opening + new + reactivation - churned, counted",
        "active_count <> opening_count + new_count + reactivation_count - churned_count",
        "everybody who is there was there before, or came",
        *("opening_count", "active_count"),
    ),
    critical(
        "a month opens with what the month before closed with",
        "opening_mrr <> coalesce(before_closing_mrr, 0) or opening_count <> coalesce(before_active_count, 0)",
        "nothing may move between two months",
        *("opening_mrr", "before_closing_mrr", "opening_count", "before_active_count", _BEFORE),
    ),
    critical(
        "no month is missing",
        "before_closing_mrr is null and year_month > calendar_first_month",
        "a month without movements is there with zeros, so that series have no holes",
        *(_BEFORE, _FIRST),
    ),
    critical(
        "closing_mrr is the sum of fact_subscription_months",
        "closing_mrr <> coalesce(months_mrr, 0)",
        "all revenue of the month is in it, once",
        *("closing_mrr", "months_mrr", _MONTHS),
    ),
    critical(
        "subscriptions and customers close with the same",
        "closing_mrr is distinct from other_closing_mrr",
        "both are the same revenue, looked at by subscription and by customer",
        *("closing_mrr", "other_closing_mrr", _OTHER),
    ),
    critical(
        "amounts are the sums of fact_mrr_movements",
        _differs("mrr"),
        "each movement counts once, in its month",
        *tuple(f"{name}_mrr" for name in MOVED.values()),
        _SUMMED,
    ),
    critical(
        "counts are those of fact_mrr_movements",
        _differs("count"),
        "each movement counts once, in its month",
        *tuple(f"{name}_count" for name in MOVED.values()),
        _SUMMED,
    ),
    _rate("nrr", "opening_mrr + expansion_mrr - contraction_mrr - churned_mrr"),
    _rate("grr", "opening_mrr - contraction_mrr - churned_mrr"),
    critical(
        "arpu is closing_mrr / active_count, rounded to the cent",
        "abs(arpu * active_count - closing_mrr) > 0.005 * active_count or (arpu is null) <> (active_count = 0)",
        "NULL where nobody is active",
        *("arpu", "closing_mrr", "active_count"),
    ),
)
