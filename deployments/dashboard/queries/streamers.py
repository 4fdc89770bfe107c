"""One streamer: how many watch, when they stream and what, under which names, and what happens around it."""

from __future__ import annotations

import pandas as pd

from deployments.dashboard.queries.period import Period, Run, bucket, hours_of

_MS_PER_HOUR = 3_600_000


def find_streamers(run: Run, text: str = "", most: int = 50) -> pd.DataFrame:
    """Streamers whose name, login or id contains a text, the most watched of all days first.

    Returns:
        streamer_key, streamer_name, platform, hours_watched (viewer-hours of all days).
    """
    wanted = "%" + text.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return run(
        "SELECT d.streamer_key, COALESCE(d.streamer_name, d.streamer_login, d.streamer_id) AS streamer_name, "
        "d.platform, COALESCE(SUM(m.hours_watched), 0) AS hours_watched FROM MARTS.DIM_STREAMERS d "
        "LEFT JOIN MARTS.MART_STREAMER_DAILY m ON m.streamer_key = d.streamer_key "
        r"WHERE d.streamer_name ILIKE ? ESCAPE '\\' OR d.streamer_login ILIKE ? ESCAPE '\\' OR d.streamer_id = ? "
        "GROUP BY 1, 2, 3, d.streamer_id "
        f"ORDER BY hours_watched DESC, streamer_name, d.streamer_id LIMIT {most:d}",
        (wanted, wanted, text.strip()),
    )


def read_profile(run: Run, streamer_key: str) -> pd.DataFrame:
    """One row: who the streamer is.

    Returns:
        streamer_name, streamer_login, platform, streamer_id, broadcaster_type, description, register_country,
        account_created_at, first_seen_at, last_seen_at, last_live_at (UTC).
    """
    return run(
        "SELECT COALESCE(streamer_name, streamer_login, streamer_id) AS streamer_name, streamer_login, platform, "
        "streamer_id, broadcaster_type, description, register_country, account_created_at, first_seen_at, "
        "last_seen_at, last_live_at FROM MARTS.DIM_STREAMERS WHERE streamer_key = ?",
        (streamer_key,),
    )


def summarize(run: Run, streamer_key: str, period: Period) -> pd.DataFrame:
    """One row of measures of the days.

    Returns:
        hours_watched (viewer-hours), avg_viewers (time-weighted), peak_viewers, airtime_minutes (covered by samples),
        streams_started, and coverage: the share of the broadcasts' time, from their begin to their last sample, that
        samples cover, of the broadcasts that were on air in the period.
    """
    first, end = period.bounds
    return run(
        "SELECT m.hours_watched, m.avg_viewers, m.peak_viewers, m.airtime_minutes, m.streams_started, s.coverage FROM "
        f"(SELECT SUM(hours_watched) AS hours_watched, SUM(hours_watched) / NULLIF(SUM(covered_ms) / {_MS_PER_HOUR}, 0)"
        " AS avg_viewers, MAX(peak_viewers) AS peak_viewers, SUM(airtime_minutes) AS airtime_minutes, "
        "SUM(streams_started) AS streams_started FROM MARTS.MART_STREAMER_DAILY WHERE streamer_key = ? "
        "AND date_day >= ? AND date_day < ? HAVING COUNT(*) > 0) m CROSS JOIN "
        "(SELECT SUM(covered_ms) / NULLIF(SUM(GREATEST(DATEDIFF('millisecond', started_at, last_seen_at), covered_ms)),"
        " 0) AS coverage FROM MARTS.FACT_STREAM_SESSIONS WHERE streamer_key = ? AND last_seen_at >= ? "
        "AND started_at < ?) s",
        (streamer_key, first, end, streamer_key, first, end),
    )


def viewers_over_time(run: Run, streamer_key: str, period: Period) -> pd.DataFrame:
    """Viewers at each observation, by polls and by samples of the stream.

    Returns:
        snapshot_at (UTC; begin of the hour or day where the period is long), viewers (the highest of it).
    """
    return run(
        f"SELECT {bucket('snapshot_at', hours_of(period))} AS snapshot_at, MAX(viewer_count) AS viewers "
        "FROM MARTS.INT_STREAM_OBSERVATIONS WHERE streamer_key = ? AND snapshot_at >= ? AND snapshot_at < ? "
        "GROUP BY 1 ORDER BY 1",
        (streamer_key, *period.bounds),
    )


def list_days(run: Run, streamer_key: str, period: Period) -> pd.DataFrame:
    """Measures by day.

    Returns:
        date_day, hours_watched (viewer-hours), avg_viewers, peak_viewers, airtime_minutes, streams_started.
    """
    return run(
        "SELECT date_day, hours_watched, avg_viewers, peak_viewers, airtime_minutes, streams_started "
        "FROM MARTS.MART_STREAMER_DAILY WHERE streamer_key = ? AND date_day >= ? AND date_day < ? ORDER BY date_day",
        (streamer_key, *period.bounds),
    )


def list_sessions(run: Run, streamer_key: str, period: Period, most: int = 200) -> pd.DataFrame:
    """Broadcasts that were on air in the period, the newest first: polled ones, and those that the live logs tell.

    Returns:
        stream_id, started_at, last_seen_at (UTC), airtime_minutes (covered by samples, or logged), hours_watched
        (viewer-hours), avg_viewers, peak_viewers, coverage (share of its time that samples cover; logged ones: NULL).
    """
    first, end = period.bounds
    return run(
        "SELECT stream_id, started_at, last_seen_at, airtime_minutes, hours_watched, avg_viewers, peak_viewers, "
        "covered_ms / NULLIF(GREATEST(DATEDIFF('millisecond', started_at, last_seen_at), covered_ms), 0) AS coverage "
        "FROM MARTS.FACT_STREAM_SESSIONS WHERE streamer_key = ? AND last_seen_at >= ? AND started_at < ? "
        "UNION ALL SELECT stream_id, started_at, ended_at, duration_seconds / 60, total_viewer_seconds / 3600, "
        "total_viewer_seconds / NULLIF(duration_seconds, 0), max_viewers, NULL "
        "FROM MARTS.FACT_LIVE_STREAMS WHERE streamer_key = ? AND COALESCE(ended_at, started_at) >= ? "
        f"AND started_at < ? ORDER BY started_at DESC, stream_id LIMIT {most:d}",
        (streamer_key, first, end, streamer_key, first, end),
    )


def list_games(run: Run, streamer_key: str, period: Period, most: int = 12) -> pd.DataFrame:
    """Categories that were streamed, the most watched first.

    Returns:
        game_name, hours_watched (viewer-hours), airtime_minutes, avg_viewers.
    """
    return run(
        "SELECT COALESCE(NULLIF(MAX(g.game_name), ''), IFF(s.game_id = '', 'no category', s.game_id)) AS game_name, "
        f"SUM(s.viewer_ms) / {_MS_PER_HOUR} AS hours_watched, SUM(s.covered_ms) / 60000 AS airtime_minutes, "
        "SUM(s.viewer_ms) / NULLIF(SUM(s.covered_ms), 0) AS avg_viewers FROM MARTS.FACT_STREAM_DAYS s "
        "LEFT JOIN MARTS.DIM_GAMES g ON g.game_id = s.game_id WHERE s.streamer_key = ? AND s.date_day >= ? "
        f"AND s.date_day < ? GROUP BY s.game_id ORDER BY hours_watched DESC, game_name LIMIT {most:d}",
        (streamer_key, *period.bounds),
    )


def list_names(run: Run, streamer_key: str) -> pd.DataFrame:
    """Names that the streamer had, the newest first.

    Returns:
        streamer_name, streamer_login, broadcaster_type, valid_from, valid_to (UTC; NULL while it holds).
    """
    return run(
        "SELECT streamer_name, streamer_login, broadcaster_type, valid_from, valid_to FROM HISTORY.STREAMERS_HISTORY "
        "WHERE streamer_key = ? ORDER BY valid_from DESC LIMIT 200",
        (streamer_key,),
    )


def list_titles(run: Run, streamer_key: str, period: Period) -> pd.DataFrame:
    """Titles, categories and languages that the channel had in the period, the newest first.

    Returns:
        title, game_name, language, valid_from, valid_to (UTC; NULL while it holds).
    """
    first, end = period.bounds
    return run(
        "SELECT title, game_name, language, valid_from, valid_to FROM HISTORY.CHANNEL_HISTORY WHERE streamer_key = ? "
        "AND valid_from < ? AND COALESCE(valid_to, ?) >= ? ORDER BY valid_from DESC LIMIT 200",
        (streamer_key, end, end, first),
    )


def list_gifts(run: Run, streamer_key: str, period: Period) -> pd.DataFrame:
    """Gifts by day; those taken back do not count.

    Returns:
        date_day, points, gift_count, giver_count (different known givers).
    """
    return run(
        "SELECT CAST(gifted_at AS DATE) AS date_day, SUM(points) AS points, COUNT(*) AS gift_count, "
        "COUNT(DISTINCT IFF(is_anonymous, NULL, user_key)) AS giver_count FROM MARTS.FACT_GIFTS "
        "WHERE streamer_key = ? AND gifted_at >= ? AND gifted_at < ? AND NOT is_cancelled GROUP BY 1 ORDER BY 1",
        (streamer_key, *period.bounds),
    )


def list_follower_changes(run: Run, streamer_key: str, period: Period) -> pd.DataFrame:
    """Followers won and lost by day, as the live logs estimate them.

    Returns:
        date_day (on which the broadcast began), follow_change (negative: lost), total_change (since the first day).
    """
    return run(
        "SELECT date_day, follow_change, SUM(follow_change) OVER (ORDER BY date_day ROWS UNBOUNDED PRECEDING) "
        "AS total_change FROM (SELECT CAST(started_at AS DATE) AS date_day, SUM(follow_change) AS follow_change "
        "FROM MARTS.FACT_LIVE_STREAMS WHERE streamer_key = ? AND started_at >= ? AND started_at < ? "
        "AND follow_change IS NOT NULL GROUP BY 1) ORDER BY date_day",
        (streamer_key, *period.bounds),
    )


def list_activities(run: Run, streamer_key: str, period: Period, most: int = 500) -> pd.DataFrame:
    """What happened, the newest first.

    Returns:
        ts (UTC), activity, features (JSON text), activity_occurrence (how often it had happened by then).
    """
    return run(
        "SELECT a.ts, a.activity, TO_JSON(a.feature_json) AS features, a.activity_occurrence "
        "FROM ACTIVITY.STREAMER_ACTIVITY a JOIN MARTS.DIM_STREAMERS d "
        "ON a.customer = d.platform || ':' || d.streamer_id "
        f"WHERE d.streamer_key = ? AND a.ts >= ? AND a.ts < ? ORDER BY a.ts DESC, a.activity_id LIMIT {most:d}",
        (streamer_key, *period.bounds),
    )
