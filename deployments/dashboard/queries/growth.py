"""Who comes, stays, comes back and goes."""

from __future__ import annotations

import pandas as pd

from deployments.dashboard.queries.period import Period, Run


def list_accounts(run: Run, customer_kind: str, period_kind: str, period: Period) -> pd.DataFrame:
    """Growth accounting: active = new + retained + resurrected.

    Args:
        run: Sends the statement.
        customer_kind: streamer or viewer.
        period_kind: day, week or month.
        period: Days that are asked for; the periods that they lie in are shown whole.

    Returns:
        period_start, active_count, new_count, retained_count, resurrected_count, churned_count (customers), quick_ratio
        ((new + resurrected) / churned), is_over (whether the period is over), churned_below (churned_count, negative).
    """
    return run(
        "SELECT period_start, active_count, new_count, retained_count, resurrected_count, churned_count, quick_ratio, "
        "is_over, -churned_count AS churned_below FROM MARTS.MART_GROWTH_ACCOUNTING WHERE customer_kind = ? "
        "AND period = ? AND period_start >= ? AND period_start < ? ORDER BY period_start",
        (customer_kind, period_kind, period.begin_of(period_kind), period.bounds[1]),
    )


def list_cohorts(run: Run, customer_kind: str, period_kind: str, period: Period, most_ages: int = 30) -> pd.DataFrame:
    """Retention by cohort and age; cells of periods that are not over have no numbers.

    Args:
        run: Sends the statement.
        customer_kind: streamer or viewer.
        period_kind: day, week or month.
        period: Days that are asked for: cohorts whose first period they lie in.
        most_ages: Ages that are shown, from 0.

    Returns:
        cohort_start, age (periods since), cohort_size, customer_count, retention_rate (share of the cohort),
        stream_count (streams that the cohort began, as the workbook counts; NULL for viewers).
    """
    return run(
        "SELECT cohort_start, age, cohort_size, customer_count, retention_rate, stream_count "
        "FROM MARTS.MART_RETENTION_COHORTS WHERE customer_kind = ? AND period = ? AND cohort_start >= ? "
        "AND cohort_start < ? AND age < ? AND customer_count IS NOT NULL ORDER BY cohort_start, age",
        (customer_kind, period_kind, period.begin_of(period_kind), period.bounds[1], most_ages),
    )


def list_activities(run: Run, customer_kind: str, period: Period) -> pd.DataFrame:
    """How often what was done.

    Args:
        run: Sends the statement.
        customer_kind: streamer or viewer.
        period: When it was done.

    Returns:
        activity, event_count, person_count (who did it: customers, or anonymous ones where no customer is known).
    """
    stream = "ACTIVITY.VIEWER_ACTIVITY" if customer_kind == "viewer" else "ACTIVITY.STREAMER_ACTIVITY"
    return run(
        f"SELECT activity, COUNT(*) AS event_count, COUNT(DISTINCT person) AS person_count FROM {stream} "
        "WHERE ts >= ? AND ts < ? GROUP BY activity ORDER BY event_count DESC, activity",
        period.bounds,
    )
