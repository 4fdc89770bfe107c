"""How old the data are, and which days there are any of."""

from __future__ import annotations

import pandas as pd

from deployments.dashboard.queries.period import Run

# What a page is about -> its days, in one statement each; a page's first range ends where its data do.
_SPANS = {
    "streams": "SELECT MIN(date_day) AS first_day, MAX(date_day) AS last_day FROM (SELECT date_day "
    "FROM MARTS.MART_STREAMER_DAILY UNION ALL SELECT CAST(started_at AS DATE) FROM MARTS.FACT_LIVE_STREAMS)",
    "games": "SELECT MIN(date_day) AS first_day, MAX(date_day) AS last_day FROM MARTS.MART_GAME_DAILY",
    "growth": "SELECT MIN(period_start) AS first_day, MAX(period_start) AS last_day FROM MARTS.MART_GROWTH_ACCOUNTING "
    "WHERE period = 'day'",
    "revenue": "SELECT MIN(year_month) AS first_day, MAX(year_month) AS last_day FROM MARTS.MART_MONTHLY_REVENUE",
    "product": "SELECT MIN(date_day) AS first_day, MAX(date_day) AS last_day FROM PRODUCT.PRODUCT_DAILY",
    "operations": "SELECT MIN(CAST(loaded_at AS DATE)) AS first_day, MAX(CAST(loaded_at AS DATE)) AS last_day "
    "FROM OPS.LOADS",
}

# Whatever writes what a page reads, adds a row to one of these.
_LEDGERS = (
    "BUILDS",
    "LOADS",
    "QUARANTINE",
    "REDRIVES",
    "VALIDATION_RESULTS",
    "RUNS",
    "PUBLICATIONS",
    "STREAM_POSITIONS",
)


def read_state(run: Run) -> pd.DataFrame:
    """One row: how many rows each ledger has, which no write leaves as they were. Snowflake knows without reading."""
    return run("SELECT " + ", ".join(f"(SELECT COUNT(*) FROM OPS.{name}) AS {name.lower()}" for name in _LEDGERS))


def read_span(run: Run, subject: str) -> pd.DataFrame:
    """One row: first_day and last_day of a subject's data, NULL where there are none."""
    return run(_SPANS[subject])


def list_ages(run: Run) -> pd.DataFrame:
    """How old what each source said last is.

    Returns:
        source (a part of names of tables: twitch, billing, ...), snapshot_at (when the source was observed last, UTC),
        loaded_at (when its last file was loaded, UTC).
    """
    return run(
        "SELECT SPLIT_PART(LOWER(table_name), '_', 2) AS source, MAX(snapshot_at) AS snapshot_at, "
        "MAX(loaded_at) AS loaded_at FROM OPS.LOADS "
        "WHERE STARTSWITH(LOWER(table_name), 'raw_') GROUP BY 1 ORDER BY 1"
    )
