"""What is earned, and what becomes of it from month to month. Money is in the warehouse's one currency."""

from __future__ import annotations

import pandas as pd

from deployments.dashboard.queries.period import Period, Run

MONEY = "money"  # the unit of amounts whose currency is not known


def read_currency(run: Run) -> pd.DataFrame:
    """One row: currency, the one that all amounts are in (ISO 4217), as payments were built; none before the first."""
    return run(
        "SELECT CAST(PARSE_JSON(parameters)['currency'] AS TEXT) AS currency FROM OPS.HEADS "
        "WHERE table_name = 'stg_billing_payments' AND parameters IS NOT NULL"
    )


def list_movements(run: Run, grain: str, period: Period) -> pd.DataFrame:
    """MRR by month: closing = opening + new + reactivation + expansion - contraction - churned.

    Args:
        run: Sends the statement.
        grain: customer or subscription.
        period: Months that it touches.

    Returns:
        year_month, opening_mrr, new_mrr, reactivation_mrr, expansion_mrr, contraction_mrr, churned_mrr, closing_mrr
        (money), active_count, nrr, grr (shares of the opening), arpu (money per active), and below_contraction,
        below_churned: the amounts that fell, negative.
    """
    return run(
        "SELECT year_month, opening_mrr, new_mrr, reactivation_mrr, expansion_mrr, contraction_mrr, churned_mrr, "
        "closing_mrr, active_count, nrr, grr, arpu, -contraction_mrr AS below_contraction, "
        "-churned_mrr AS below_churned FROM MARTS.MART_MRR_MOVEMENTS WHERE grain = ? AND year_month BETWEEN ? AND ? "
        "ORDER BY year_month",
        (grain, *period.months),
    )


def list_steps(run: Run, grain: str, month: object) -> pd.DataFrame:
    """The waterfall of one month.

    Args:
        run: Sends the statement.
        grain: customer or subscription.
        month: First day of the month.

    Returns:
        step (opening, new, reactivation, expansion, contraction, churned, closing), amount (money; those that fell are
        negative), in that order.
    """
    steps = (
        ("opening", "opening_mrr"),
        ("new", "new_mrr"),
        ("reactivation", "reactivation_mrr"),
        ("expansion", "expansion_mrr"),
        ("contraction", "-contraction_mrr"),
        ("churned", "-churned_mrr"),
        ("closing", "closing_mrr"),
    )
    parts = [
        f"SELECT {place} AS place, '{step}' AS step, {amount} AS amount FROM month"
        for place, (step, amount) in enumerate(steps)
    ]
    return run(
        "WITH month AS (SELECT * FROM MARTS.MART_MRR_MOVEMENTS WHERE grain = ? AND year_month = ?) "
        f"SELECT step, amount FROM ({' UNION ALL '.join(parts)}) ORDER BY place",
        (grain, month),
    )


def list_months(run: Run, period: Period) -> pd.DataFrame:
    """Revenue by month of payment, with the users who paid.

    Returns:
        year_month, revenue (payments less refunds), refunded, payment_count, paying_users,
        revenue_per_user (revenue / paying users).
    """
    return run(
        "SELECT r.year_month, r.revenue, r.refunded, r.payment_count, u.user_count AS paying_users, "
        "r.revenue / NULLIF(u.user_count, 0) AS revenue_per_user FROM MARTS.MART_MONTHLY_REVENUE r "
        "LEFT JOIN MARTS.MART_MONTHLY_ACTIVE_USERS u ON u.year_month = r.year_month AND u.definition = 'paying' "
        "WHERE r.year_month BETWEEN ? AND ? ORDER BY r.year_month",
        period.months,
    )


def list_active_users(run: Run, period: Period) -> pd.DataFrame:
    """Monthly active users by both definitions.

    Returns:
        year_month, paying (users with a payment), watching (users with a viewing row).
    """
    return run(
        "SELECT year_month, MAX(IFF(definition = 'paying', user_count, NULL)) AS paying, "
        "MAX(IFF(definition = 'watching', user_count, NULL)) AS watching FROM MARTS.MART_MONTHLY_ACTIVE_USERS "
        "WHERE year_month BETWEEN ? AND ? GROUP BY year_month ORDER BY year_month",
        period.months,
    )
