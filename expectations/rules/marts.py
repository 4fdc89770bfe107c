"""Business rules of the marts layer: one file per table, named as the table. What several tables promise is here."""

from __future__ import annotations

from expectations.rules.rule import Rule, critical

# fact_subscription_months with what counts of each: of a switch of plan on the last day of a month only the new one.
COUNTED_MONTHS = (
    "(select m.subscription_id, m.user_key, m.year_month, m.start_date, m.end_date, m.monthly_price, m.billing_period, "
    "iff(n.user_key is null, m.mrr, 0) as counted_mrr from {fact_subscription_months} m left join "
    "(select distinct user_key, year_month, start_date from {fact_subscription_months} where mrr > 0 "
    "and user_id <> '') n on n.user_key = m.user_key and n.year_month = m.year_month and n.start_date = m.end_date "
    "and m.start_date < m.end_date) counted_months"
)
_NEARLY = "1e-9 * greatest(1, abs({0}))"


def measure_rules() -> tuple[Rule, ...]:
    """Return the measures are the sums that they are made of (SEMANTICS §2): hours, average and airtime."""
    return (
        _formula("hours_watched", "viewer_ms::float / 3600000", "viewer-hours are viewers x time", "viewer_ms"),
        _formula("airtime_minutes", "covered_ms::float / 60000", "airtime is the covered time", "covered_ms"),
        _formula(
            "avg_viewers",
            "viewer_ms::float / nullif(covered_ms, 0)::float",
            "the average is weighted by time, and NULL where no time is covered",
            "viewer_ms",
            "covered_ms",
        ),
    )


def require_order(first: str, last: str) -> Rule:
    """Require that a span does not end before it begins."""
    return critical(
        f"{first} is not after {last}",
        f"{first} > {last}",
        "a span that ends before it begins was put together from the wrong rows",
        *(first, last),
    )


def first_of_month(*columns: str) -> Rule:
    """Return months are named by their first day."""
    return critical(
        f"{' and '.join(columns)} {'is' if len(columns) == 1 else 'are'} the first of a month",
        " or ".join(f"{column} <> date_trunc('month', {column})" for column in columns),
        "months are joined and grouped by their first day",
        *columns,
    )


def _formula(measure: str, formula: str, reason: str, *of: str) -> Rule:
    differs = f"abs({measure} - {formula}) > {_NEARLY.format(measure)}"
    return critical(
        f"{measure} follows from {' and '.join(of)}",
        f"{differs} or ({measure} is null) <> (({formula}) is null)",
        reason,
        *(measure, *of),
    )
