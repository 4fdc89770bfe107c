"""What is live at the newest snapshot, and how it came there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from deployments.dashboard.queries.period import Run, bucket

_NEWEST = "(SELECT MAX(snapshot_at) FROM MARTS.MART_CONCURRENT_VIEWERS WHERE scope = 'all')"
# Alerts build concurrent viewers by themselves: these may be ahead of the streams that they are sums of.
_NEWEST_STREAMS = "(SELECT MAX(snapshot_at) FROM MARTS.FACT_STREAM_SNAPSHOTS)"
_SINCE = f"snapshot_at >= DATEADD('hour', -?, {_NEWEST})"
_WATCHED = "viewer_count > 0"


@dataclass(frozen=True)
class Audience:
    """Whose viewers: all of them, those of a category, of a language, or of both."""

    game_id: str | None = None
    language: str | None = None

    @property
    def condition(self) -> str:
        """A condition on streams, with a parameter for each value."""
        names = [name for name, value in (("game_id", self.game_id), ("language", self.language)) if value is not None]
        return " AND ".join([_WATCHED, *(f"{name} = ?" for name in names)])

    @property
    def values(self) -> tuple[str, ...]:
        """Parameters of `condition`."""
        return tuple(value for value in (self.game_id, self.language) if value is not None)

    @property
    def sums(self) -> tuple[str, tuple[Any, ...]]:
        """A query of viewers and streams per snapshot, and its parameters: stored sums where there are any."""
        if self.game_id is not None and self.language is not None:
            return (
                "SELECT snapshot_at, SUM(viewer_count) AS viewers, COUNT(*) AS streams "
                f"FROM MARTS.FACT_STREAM_SNAPSHOTS WHERE {self.condition} GROUP BY snapshot_at",
                self.values,
            )
        scope = "all" if not self.values else "game" if self.game_id is not None else "language"
        return (
            "SELECT snapshot_at, viewers, streams FROM MARTS.MART_CONCURRENT_VIEWERS WHERE scope = ? AND scope_id = ?",
            (scope, *(self.values or ("all",))),
        )


def summarize(run: Run, audience: Audience, hours: int) -> pd.DataFrame:
    """One row: what is watched now.

    Returns:
        snapshot_at (UTC) and viewers, streams at it; viewers_before: those of the snapshot before; peak_viewers and
        peak_at of the last `hours`. Nothing where there is no snapshot.
    """
    sums, values = audience.sums
    return run(
        f"WITH sums AS (SELECT * FROM ({sums}) WHERE {_SINCE}), "
        "numbered AS (SELECT *, ROW_NUMBER() OVER (ORDER BY snapshot_at DESC) AS place FROM sums) "
        "SELECT MAX(IFF(place = 1, snapshot_at, NULL)) AS snapshot_at, MAX(IFF(place = 1, viewers, NULL)) AS viewers, "
        "MAX(IFF(place = 1, streams, NULL)) AS streams, MAX(IFF(place = 2, viewers, NULL)) AS viewers_before, "
        "MAX(viewers) AS peak_viewers, MIN(IFF(viewers = (SELECT MAX(viewers) FROM sums), snapshot_at, NULL)) "
        "AS peak_at FROM numbered HAVING COUNT(*) > 0",
        (*values, hours),
    )


def viewers_over_time(run: Run, audience: Audience, hours: int) -> pd.DataFrame:
    """Concurrent viewers of the last `hours` before the newest snapshot.

    Returns:
        snapshot_at (UTC; begin of the hour or day where more than three days are shown), viewers (the highest of it),
        streams (the most of it).
    """
    sums, values = audience.sums
    return run(
        f"SELECT {bucket('snapshot_at', hours)} AS snapshot_at, MAX(viewers) AS viewers, MAX(streams) AS streams "
        f"FROM ({sums}) WHERE {_SINCE} GROUP BY 1 ORDER BY 1",
        (*values, hours),
    )


def list_games(run: Run, audience: Audience, most: int = 10) -> pd.DataFrame:
    """Categories at the newest snapshot, the most watched first.

    Returns:
        game_id, game_name, viewers, streams.
    """
    return run(
        "SELECT s.game_id, COALESCE(NULLIF(MAX(g.game_name), ''), IFF(s.game_id = '', 'no category', s.game_id)) "
        "AS game_name, SUM(s.viewer_count) AS viewers, COUNT(*) AS streams FROM MARTS.FACT_STREAM_SNAPSHOTS s "
        f"LEFT JOIN MARTS.DIM_GAMES g ON g.game_id = s.game_id WHERE s.snapshot_at = {_NEWEST_STREAMS} "
        f"AND {_of_streams(audience)} GROUP BY s.game_id ORDER BY viewers DESC, game_name LIMIT {most:d}",
        audience.values,
    )


def list_languages(run: Run, audience: Audience, most: int = 10) -> pd.DataFrame:
    """Languages at the newest snapshot, the most watched first.

    Returns:
        language (ISO 639-1 or other), viewers, streams.
    """
    return run(
        "SELECT s.language, SUM(s.viewer_count) AS viewers, COUNT(*) AS streams FROM MARTS.FACT_STREAM_SNAPSHOTS s "
        f"WHERE s.snapshot_at = {_NEWEST_STREAMS} AND {_of_streams(audience)} "
        f"GROUP BY s.language ORDER BY viewers DESC, s.language LIMIT {most:d}",
        audience.values,
    )


def list_top_streams(run: Run, audience: Audience, most: int = 15) -> pd.DataFrame:
    """Streams at the newest snapshot, the most watched first.

    Returns:
        streamer_key, streamer_name, game_name, language, viewers, minutes_live, title.
    """
    return run(
        "SELECT s.streamer_key, COALESCE(d.streamer_name, s.streamer_id) AS streamer_name, "
        "COALESCE(g.game_name, s.game_id) AS game_name, s.language, s.viewer_count AS viewers, s.minutes_live, s.title "
        "FROM MARTS.FACT_STREAM_SNAPSHOTS s LEFT JOIN MARTS.DIM_STREAMERS d ON d.streamer_key = s.streamer_key "
        "LEFT JOIN MARTS.DIM_GAMES g ON g.game_id = s.game_id "
        f"WHERE s.snapshot_at = {_NEWEST_STREAMS} AND {_of_streams(audience)} "
        f"ORDER BY viewers DESC, streamer_name LIMIT {most:d}",
        audience.values,
    )


def list_movers(run: Run, audience: Audience, most: int = 8) -> pd.DataFrame:
    """Streams whose viewers changed most from the snapshot before to the newest one, at most `most` each way.

    Returns:
        streamer_name, viewers_before, viewers, change; streams that are in only one of the two are left out.
    """
    return run(
        f"WITH newest AS (SELECT {_NEWEST_STREAMS} AS at), before AS (SELECT MAX(snapshot_at) AS at "
        f"FROM MARTS.MART_CONCURRENT_VIEWERS WHERE scope = 'all' AND snapshot_at < (SELECT at FROM newest)), "
        "changes AS (SELECT n.streamer_key, n.streamer_id, b.viewer_count AS viewers_before, "
        "n.viewer_count AS viewers, n.viewer_count - b.viewer_count AS change FROM MARTS.FACT_STREAM_SNAPSHOTS n "
        "JOIN MARTS.FACT_STREAM_SNAPSHOTS b ON b.stream_id = n.stream_id AND b.platform = n.platform "
        "WHERE n.snapshot_at = (SELECT at FROM newest) AND b.snapshot_at = (SELECT at FROM before) "
        f"AND {_of_streams(audience, 'n')}), "
        "placed AS (SELECT *, ROW_NUMBER() OVER (ORDER BY change DESC, streamer_key) AS up, "
        "ROW_NUMBER() OVER (ORDER BY change, streamer_key) AS down FROM changes) "
        "SELECT COALESCE(d.streamer_name, p.streamer_id) AS streamer_name, p.viewers_before, p.viewers, p.change "
        "FROM placed p LEFT JOIN MARTS.DIM_STREAMERS d ON d.streamer_key = p.streamer_key "
        f"WHERE (p.up <= {most:d} AND p.change > 0) OR (p.down <= {most:d} AND p.change < 0) "
        "ORDER BY p.change DESC, streamer_name",
        audience.values,
    )


def list_open_spikes(run: Run, audience: Audience, most: int = 50) -> pd.DataFrame:
    """Spikes that last: streams with many more viewers than they usually have, or very many.

    Returns:
        streamer_name, game_name, started_at (UTC), usual_viewers (NULL: too few samples), first_viewers,
        peak_viewers, last_spike_at (UTC).
    """
    return run(
        "SELECT COALESCE(d.streamer_name, s.streamer_id) AS streamer_name, COALESCE(g.game_name, s.game_id) "
        "AS game_name, s.started_at, s.usual_viewers, s.first_viewers, s.peak_viewers, s.last_spike_at "
        "FROM MARTS.MART_VIEWER_SPIKES s LEFT JOIN MARTS.DIM_STREAMERS d ON d.streamer_key = s.streamer_key "
        "LEFT JOIN MARTS.DIM_GAMES g ON g.game_id = s.game_id WHERE s.is_open"
        + (" AND s.game_id = ?" if audience.game_id is not None else "")
        + f" ORDER BY s.started_at DESC, streamer_name LIMIT {most:d}",
        audience.values[:1] if audience.game_id is not None else (),
    )


def list_choices(run: Run, hours: int) -> pd.DataFrame:
    """Categories and languages that can be chosen: those of the last `hours`, the most watched first.

    Returns:
        scope (game or language), scope_id, name, viewers (the highest sum).
    """
    return run(
        "SELECT c.scope, c.scope_id, COALESCE(MAX(g.game_name), c.scope_id) AS name, MAX(c.viewers) AS viewers "
        "FROM MARTS.MART_CONCURRENT_VIEWERS c LEFT JOIN MARTS.DIM_GAMES g "
        f"ON g.game_id = c.scope_id AND c.scope = 'game' WHERE c.scope <> 'all' AND c.scope_id <> '' AND {_SINCE} "
        "GROUP BY c.scope, c.scope_id ORDER BY c.scope, viewers DESC, name",
        (hours,),
    )


def _of_streams(audience: Audience, alias: str = "s") -> str:
    return " AND ".join(f"{alias}.{part}" for part in audience.condition.split(" AND "))
