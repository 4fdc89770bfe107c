"""One category, or all of them: how many watch and stream, and when."""

from __future__ import annotations

import pandas as pd

from deployments.dashboard.queries.period import Period, Run, bucket, hours_of

_MS_PER_HOUR = 3_600_000


def list_games(run: Run, period: Period, most: int = 500) -> pd.DataFrame:
    """Categories by what was watched of them.

    Returns:
        game_id, game_name, hours_watched (viewer-hours), avg_viewers (time-weighted, per stream), peak_viewers
        (concurrent, of the category), airtime_minutes (of all its streams), streams_started.
    """
    return run(
        "SELECT m.game_id, COALESCE(NULLIF(MAX(g.game_name), ''), IFF(m.game_id = '', 'no category', m.game_id)) "
        f"AS game_name, SUM(m.hours_watched) AS hours_watched, {_AVERAGE} AS avg_viewers, "
        "MAX(m.peak_viewers) AS peak_viewers, SUM(m.airtime_minutes) AS airtime_minutes, "
        "SUM(m.streams_started) AS streams_started FROM MARTS.MART_GAME_DAILY m "
        "LEFT JOIN MARTS.DIM_GAMES g ON g.game_id = m.game_id WHERE m.date_day >= ? AND m.date_day < ? "
        f"GROUP BY m.game_id ORDER BY hours_watched DESC, game_name LIMIT {most:d}",
        period.bounds,
    )


def summarize(run: Run, game_id: str | None, period: Period) -> pd.DataFrame:
    """One row of measures of the days, of a category or of all.

    Returns:
        hours_watched (viewer-hours), avg_viewers (time-weighted, per stream), airtime_minutes, streams_started,
        peak_viewers (concurrent), and coverage: the share of the broadcasts' time, from their begin to their last
        sample, that samples cover, of those on air in the period (for a category: of the broadcasts that were in it).
    """
    first, end = period.bounds
    of_game, values = _of_game(game_id)
    sessions = (
        "" if game_id is None else "AND stream_id IN (SELECT stream_id FROM MARTS.FACT_STREAM_DAYS WHERE game_id = ?) "
    )
    return run(
        f"SELECT m.*, p.peak_viewers, s.coverage FROM (SELECT SUM(m.hours_watched) AS hours_watched, {_AVERAGE} "
        "AS avg_viewers, SUM(m.airtime_minutes) AS airtime_minutes, SUM(m.streams_started) AS streams_started "
        f"FROM MARTS.MART_GAME_DAILY m WHERE m.date_day >= ? AND m.date_day < ? {of_game} HAVING COUNT(*) > 0) m "
        "CROSS JOIN (SELECT MAX(viewers) AS peak_viewers FROM MARTS.MART_CONCURRENT_VIEWERS WHERE scope = ? "
        "AND scope_id = ? AND snapshot_at >= ? AND snapshot_at < ?) p CROSS JOIN (SELECT SUM(covered_ms) / "
        "NULLIF(SUM(GREATEST(DATEDIFF('millisecond', started_at, last_seen_at), covered_ms)), 0) AS coverage "
        f"FROM MARTS.FACT_STREAM_SESSIONS WHERE last_seen_at >= ? AND started_at < ? {sessions}) s",
        (first, end, *values, *_scope(game_id), first, end, first, end, *values),
    )


def viewers_over_time(run: Run, game_id: str | None, period: Period) -> pd.DataFrame:
    """Concurrent viewers and streams of a category or of all.

    Returns:
        snapshot_at (UTC; begin of the hour or day where the period is long), viewers and streams (the highest of it).
    """
    return run(
        f"SELECT {bucket('snapshot_at', hours_of(period))} AS snapshot_at, MAX(viewers) AS viewers, "
        "MAX(streams) AS streams FROM MARTS.MART_CONCURRENT_VIEWERS WHERE scope = ? AND scope_id = ? "
        "AND snapshot_at >= ? AND snapshot_at < ? GROUP BY 1 ORDER BY 1",
        (*_scope(game_id), *period.bounds),
    )


def list_days(run: Run, game_id: str | None, period: Period) -> pd.DataFrame:
    """Measures by day.

    Returns:
        date_day, hours_watched (viewer-hours), avg_viewers (per stream), airtime_minutes, streams_started.
    """
    of_game, values = _of_game(game_id)
    return run(
        f"SELECT m.date_day, SUM(m.hours_watched) AS hours_watched, {_AVERAGE} AS avg_viewers, "
        "SUM(m.airtime_minutes) AS airtime_minutes, SUM(m.streams_started) AS streams_started "
        f"FROM MARTS.MART_GAME_DAILY m WHERE m.date_day >= ? AND m.date_day < ? {of_game} GROUP BY 1 ORDER BY 1",
        (*period.bounds, *values),
    )


def list_streamers(run: Run, game_id: str | None, period: Period, most: int = 15) -> pd.DataFrame:
    """Streamers by what was watched of them in the category.

    Returns:
        streamer_key, streamer_name, hours_watched (viewer-hours), airtime_minutes.
    """
    of_game, values = _of_game(game_id, "s")
    return run(
        "SELECT s.streamer_key, COALESCE(MAX(d.streamer_name), MAX(s.streamer_id)) AS streamer_name, "
        f"SUM(s.viewer_ms) / {_MS_PER_HOUR} AS hours_watched, SUM(s.covered_ms) / 60000 AS airtime_minutes "
        "FROM MARTS.FACT_STREAM_DAYS s LEFT JOIN MARTS.DIM_STREAMERS d ON d.streamer_key = s.streamer_key "
        f"WHERE s.date_day >= ? AND s.date_day < ? {of_game} "
        f"GROUP BY s.streamer_key ORDER BY hours_watched DESC, streamer_name LIMIT {most:d}",
        (*period.bounds, *values),
    )


def list_hours_of_the_week(run: Run, game_id: str | None, period: Period) -> pd.DataFrame:
    """When is what watched: a cell for each hour of each weekday that has a snapshot.

    Returns:
        weekday (1 is Monday), hour (UTC), viewers and channels (averages of its snapshots), median_viewers (of all
        streams with viewers in its snapshots).
    """
    of_game = "" if game_id is None else "AND game_id = ? "
    values = () if game_id is None else (game_id,)
    return run(
        "WITH sums AS (SELECT DAYOFWEEKISO(snapshot_at) AS weekday, HOUR(snapshot_at) AS hour, "
        "AVG(CAST(viewers AS FLOAT)) AS viewers, AVG(CAST(streams AS FLOAT)) AS channels "
        "FROM MARTS.MART_CONCURRENT_VIEWERS WHERE scope = ? AND scope_id = ? "
        "AND snapshot_at >= ? AND snapshot_at < ? GROUP BY 1, 2), "
        "medians AS (SELECT DAYOFWEEKISO(snapshot_at) AS weekday, HOUR(snapshot_at) AS hour, "
        "MEDIAN(viewer_count) AS median_viewers FROM MARTS.FACT_STREAM_SNAPSHOTS WHERE viewer_count > 0 "
        f"AND snapshot_at >= ? AND snapshot_at < ? {of_game}GROUP BY 1, 2) "
        "SELECT s.weekday, s.hour, s.viewers, s.channels, "
        "CAST(m.median_viewers AS FLOAT) AS median_viewers FROM sums s LEFT JOIN medians m "
        "ON m.weekday = s.weekday AND m.hour = s.hour ORDER BY s.weekday, s.hour",
        (*_scope(game_id), *period.bounds, *period.bounds, *values),
    )


_AVERAGE = f"SUM(m.hours_watched) / NULLIF(SUM(m.covered_ms) / {_MS_PER_HOUR}, 0)"


def _scope(game_id: str | None) -> tuple[str, str]:
    return ("all", "all") if game_id is None else ("game", game_id)


def _of_game(game_id: str | None, alias: str = "m") -> tuple[str, tuple[str, ...]]:
    return ("", ()) if game_id is None else (f"AND {alias}.game_id = ?", (game_id,))
