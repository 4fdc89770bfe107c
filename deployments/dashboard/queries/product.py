"""What people do in the product, as Amplitude's events tell it."""

from __future__ import annotations

import pandas as pd

from deployments.dashboard.queries.period import Period, Run


def list_active_users(run: Run, period: Period) -> pd.DataFrame:
    """Active users by day, week and month; the weeks and months that the days lie in count whole.

    Returns:
        period (day, week or month), period_start, active_users (DAU, WAU or MAU), stickiness (users of an average day
        / active users), in the order of time.
    """
    return run(
        "SELECT period, period_start, active_users, stickiness FROM PRODUCT.PRODUCT_ACTIVE_USERS "
        "WHERE active_days = 1 AND period_start >= DECODE(period, 'day', ?, 'week', ?, ?) AND period_start < ? "
        "ORDER BY period, period_start",
        (*(period.begin_of(kind) for kind in ("day", "week", "month")), period.bounds[1]),
    )


def list_sessions(run: Run, period: Period) -> pd.DataFrame:
    """Sessions by the UTC day on which they began.

    Returns:
        date_day, session_count, first_session_count (of users without one before), median_minutes (length).
    """
    return run(
        "SELECT CAST(started_at AS DATE) AS date_day, COUNT(*) AS session_count, "
        "COUNT_IF(is_first_session) AS first_session_count, "
        "CAST(MEDIAN(length_seconds) / 60 AS FLOAT) AS median_minutes FROM PRODUCT.PRODUCT_SESSIONS "
        "WHERE started_at >= ? AND started_at < ? GROUP BY 1 ORDER BY 1",
        period.bounds,
    )


def list_top_events(run: Run, period: Period, most: int = 15) -> pd.DataFrame:
    """Event types by how often they happened.

    Returns:
        event_type, event_count, first_time_user_count (users whose first event of all was such a one).
    """
    return run(
        "SELECT event_type, SUM(event_count) AS event_count, SUM(first_time_user_count) AS first_time_user_count "
        "FROM PRODUCT.PRODUCT_DAILY WHERE date_day >= ? AND date_day < ? GROUP BY event_type "
        f"HAVING SUM(event_count) > 0 ORDER BY event_count DESC, event_type LIMIT {most:d}",
        period.bounds,
    )


def list_round_trip(run: Run, period: Period) -> pd.DataFrame:
    """What was published to Amplitude, held against what its export gave back, by day.

    Returns:
        date_day, accepted_count, deduplicated_count, missing_count, unexpected_count (events).
    """
    return run(
        "SELECT CAST(hour_at AS DATE) AS date_day, SUM(accepted_count) AS accepted_count, "
        "SUM(deduplicated_count) AS deduplicated_count, SUM(missing_count) AS missing_count, "
        "SUM(unexpected_count) AS unexpected_count FROM PRODUCT.AMPLITUDE_ROUND_TRIP "
        "WHERE hour_at >= ? AND hour_at < ? GROUP BY 1 ORDER BY 1",
        period.bounds,
    )
