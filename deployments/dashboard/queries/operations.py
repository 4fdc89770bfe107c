"""Whether the warehouse is well: what came, what was refused, which checks failed, what ran, what was sent."""

from __future__ import annotations

import pandas as pd

from deployments.dashboard.queries.period import Period, Run

# The ledger also tells loads of what is no source: the polls themselves.
_OF_SOURCES = "STARTSWITH(LOWER(table_name), 'raw_')"


def list_freshness(run: Run) -> pd.DataFrame:
    """How fresh each raw table is.

    Returns:
        table_name, snapshot_at (when the source was observed last, UTC), loaded_at (when it was loaded, UTC), files,
        rows_loaded.
    """
    return run(
        "SELECT table_name, MAX(snapshot_at) AS snapshot_at, MAX(loaded_at) AS loaded_at, COUNT(*) AS files, "
        "SUM(rows_loaded) AS rows_loaded "
        f"FROM OPS.LOADS WHERE {_OF_SOURCES} GROUP BY table_name ORDER BY snapshot_at DESC, table_name"
    )


def list_loads(run: Run, period: Period) -> pd.DataFrame:
    """Rows loaded by UTC day and source.

    Returns:
        date_day, source (a part of the table's name), files, rows_loaded, rows_rejected.
    """
    return run(
        "SELECT CAST(loaded_at AS DATE) AS date_day, SPLIT_PART(LOWER(table_name), '_', 2) AS source, "
        "COUNT(*) AS files, SUM(rows_loaded) AS rows_loaded, SUM(rows_rejected) AS rows_rejected FROM OPS.LOADS "
        f"WHERE {_OF_SOURCES} AND loaded_at >= ? AND loaded_at < ? GROUP BY 1, 2 ORDER BY 1, 2",
        period.bounds,
    )


def list_quarantine(run: Run, most: int = 200) -> pd.DataFrame:
    """Records that were refused, by table, rule and reason, those of most records first.

    Returns:
        table_name, rule, records, redriven (repaired and loaded again), newest_at (UTC), reason (of the newest one).
    """
    return run(
        "SELECT q.table_name, q.rule, COUNT(*) AS records, COUNT(r.quarantine_id) AS redriven, "
        "MAX(q.quarantined_at) AS newest_at, MAX_BY(q.reason, q.quarantined_at) AS reason FROM OPS.QUARANTINE q "
        "LEFT JOIN OPS.REDRIVES r ON r.quarantine_id = q.quarantine_id GROUP BY q.table_name, q.rule "
        f"ORDER BY records DESC, q.table_name, q.rule LIMIT {most:d}"
    )


def list_validations(run: Run, period: Period, most: int = 200) -> pd.DataFrame:
    """What each validation found, in the order of time.

    Returns:
        validated_at (UTC), run_id, passed, warnings, failed (rules; failed ones are critical).
    """
    return run(
        "SELECT * FROM (SELECT MAX(validated_at) AS validated_at, run_id, COUNT_IF(success) AS passed, "
        "COUNT_IF(NOT success AND severity <> 'critical') AS warnings, "
        "COUNT_IF(NOT success AND severity = 'critical') AS failed FROM OPS.VALIDATION_RESULTS "
        "WHERE validated_at >= ? AND validated_at < ? GROUP BY run_id "
        f"ORDER BY validated_at DESC, run_id LIMIT {most:d}) ORDER BY validated_at, run_id",
        period.bounds,
    )


def list_failed_rules(run: Run, most: int = 200) -> pd.DataFrame:
    """Rules that did not hold in the newest validation of their table, critical ones first.

    Returns:
        severity, table_name, rule, observed, validated_at (UTC).
    """
    return run(
        "SELECT severity, table_name, rule, observed, validated_at FROM (SELECT *, ROW_NUMBER() OVER "
        "(PARTITION BY table_name, rule ORDER BY validated_at DESC, run_id) AS place FROM OPS.VALIDATION_RESULTS) "
        f"WHERE place = 1 AND NOT success ORDER BY severity, table_name, rule LIMIT {most:d}"
    )


def list_runs(run: Run, period: Period, most: int = 200) -> pd.DataFrame:
    """Runs of flows, the newest first.

    Returns:
        started_at (UTC), flow, state, seconds, summary, run_id.
    """
    return run(
        "SELECT started_at, flow, state, DATEDIFF('millisecond', started_at, ended_at) / 1000 AS seconds, "
        "summary, run_id FROM OPS.RUNS WHERE started_at >= ? AND started_at < ? "
        f"ORDER BY started_at DESC, run_id LIMIT {most:d}",
        period.bounds,
    )


def list_parts(run: Run, run_id: str) -> pd.DataFrame:
    """Parts of one run, the longest first.

    Returns:
        step, table_name ('' for steps of no table), statements, seconds.
    """
    return run(
        "SELECT CAST(f.value['step'] AS TEXT) AS step, CAST(f.value['table'] AS TEXT) AS table_name, "
        "CAST(f.value['statements'] AS INTEGER) AS statements, CAST(f.value['seconds'] AS FLOAT) AS seconds "
        "FROM OPS.RUNS r, LATERAL FLATTEN(input => r.costs) f WHERE r.run_id = ? "
        "ORDER BY seconds DESC, step, table_name",
        (run_id,),
    )


def list_publications(run: Run, period: Period) -> pd.DataFrame:
    """What became of activities that were sent, by destination; each counts with its newest attempt.

    Returns:
        destination, status (sent, rejected, pending, ...), activities, newest_at (UTC), reason (of the newest one).
    """
    return run(
        "SELECT destination, status, COUNT(*) AS activities, MAX(recorded_at) AS newest_at, "
        "MAX_BY(reason, recorded_at) AS reason FROM (SELECT *, ROW_NUMBER() OVER "
        "(PARTITION BY destination, activity_id ORDER BY attempt DESC, recorded_at DESC) AS place "
        "FROM OPS.PUBLICATIONS) WHERE place = 1 AND recorded_at >= ? AND recorded_at < ? "
        "GROUP BY destination, status ORDER BY destination, status",
        period.bounds,
    )


def list_lag(run: Run) -> pd.DataFrame:
    """How far the newest batch of each partition was behind its topic.

    Returns:
        topic, partition_number, lag (messages that were not consumed yet), messages (of the batch), recorded_at (UTC).
    """
    return run(
        "SELECT topic, partition_number, lag, messages, recorded_at FROM (SELECT *, ROW_NUMBER() OVER "
        "(PARTITION BY topic, partition_number ORDER BY recorded_at DESC, last_offset DESC) AS place "
        "FROM OPS.STREAM_POSITIONS) WHERE place = 1 ORDER BY topic, partition_number"
    )
