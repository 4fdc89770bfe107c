"""Rows of the known warehouse about streamers, streams, categories and gifts, and the times that they are of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

Rows = Sequence[Mapping[str, Any]]
NEWEST = datetime(2026, 3, 2, 10, 30)
BEFORE, FIRST = NEWEST - timedelta(minutes=15), NEWEST - timedelta(minutes=30)
DAY, DAY_BEFORE = NEWEST.date(), NEWEST.date() - timedelta(days=1)
_HOUR_MS = 3_600_000


def streamer(key: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "streamer_key": key,
        "platform": "twitch",
        "streamer_id": f"id-{key}",
        "streamer_name": name,
        "streamer_login": name.lower(),
        "first_seen_at": FIRST,
        "last_seen_at": NEWEST,
        **more,
    }


def snapshot(key: str, at: datetime, viewers: int, game: str, language: str) -> dict[str, Any]:
    return {
        "stream_snapshot_key": f"{key} {at}",
        "platform": "twitch",
        "stream_id": f"stream-{key}",
        "streamer_key": key,
        "streamer_id": f"id-{key}",
        "game_id": game,
        "language": language,
        "snapshot_at": at,
        "viewer_count": viewers,
        "title": f"title of {key}",
        "started_at": FIRST - timedelta(minutes=30),
        "minutes_live": (at - FIRST) // timedelta(minutes=1) + 30,
    }


SNAPSHOTS = [
    snapshot("a", FIRST, 100, "chess", "en"),
    snapshot("b", FIRST, 50, "chess", "de"),
    snapshot("a", BEFORE, 140, "chess", "en"),
    snapshot("b", BEFORE, 60, "chess", "de"),
    snapshot("c", BEFORE, 30, "golf", "en"),
    snapshot("a", NEWEST, 120, "chess", "en"),
    snapshot("b", NEWEST, 90, "chess", "de"),
    snapshot("c", NEWEST, 30, "golf", "en"),
    snapshot("d", NEWEST, 0, "golf", "en"),
]


def concurrent(scope: str, scope_id: str, at: datetime, viewers: int, streams: int) -> dict[str, Any]:
    return {
        "scope": scope,
        "scope_id": scope_id,
        "snapshot_at": at,
        "date_day": at.date(),
        "viewers": viewers,
        "streams": streams,
    }


TABLES: dict[str, Rows] = {
    "dim_streamers": [
        streamer("a", "Anna", broadcaster_type="partner", account_created_at=datetime(2020, 5, 6), last_live_at=NEWEST),
        streamer("b", "=Bert"),
        streamer("c", "Carl_1"),
        streamer("l", "Lola", platform="livelogs", streamer_id="l-1", register_country="DE"),
    ],
    "dim_games": [
        {"game_id": "chess", "game_name": "Chess", "first_seen_at": FIRST, "last_seen_at": NEWEST},
        {"game_id": "golf", "game_name": "Golf", "first_seen_at": BEFORE, "last_seen_at": NEWEST},
    ],
    "fact_stream_snapshots": SNAPSHOTS,
    "int_stream_observations": [
        {name: value for name, value in one.items() if name not in ("stream_snapshot_key", "title", "minutes_live")}
        for one in SNAPSHOTS
    ],
    "mart_viewer_spikes": [
        {
            "spike_key": key,
            "platform": "twitch",
            "stream_id": f"stream-{key}",
            "streamer_key": key,
            "streamer_id": f"id-{key}",
            "game_id": "chess",
            "started_at": BEFORE,
            "usual_viewers": 12.5,
            "first_viewers": 60,
            "peak_viewers": 90,
            "peak_at": NEWEST,
            "spike_samples": 2,
            "last_spike_at": NEWEST,
            "is_open": is_open,
        }
        for key, is_open in (("b", True), ("a", False))
    ],
    "mart_concurrent_viewers": [
        concurrent("all", "all", FIRST, 150, 2),
        concurrent("all", "all", BEFORE, 230, 3),
        concurrent("all", "all", NEWEST, 240, 3),
        concurrent("game", "chess", FIRST, 150, 2),
        concurrent("game", "chess", BEFORE, 200, 2),
        concurrent("game", "chess", NEWEST, 210, 2),
        concurrent("game", "golf", BEFORE, 30, 1),
        concurrent("game", "golf", NEWEST, 30, 1),
        concurrent("language", "de", FIRST, 50, 1),
        concurrent("language", "de", BEFORE, 60, 1),
        concurrent("language", "de", NEWEST, 90, 1),
        concurrent("language", "en", FIRST, 100, 1),
        concurrent("language", "en", BEFORE, 170, 2),
        concurrent("language", "en", NEWEST, 150, 2),
    ],
    "fact_stream_sessions": [
        {
            "stream_id": "stream-a",
            "platform": "twitch",
            "streamer_key": "a",
            "streamer_id": "id-a",
            "started_at": FIRST - timedelta(minutes=30),
            "first_seen_at": FIRST,
            "last_seen_at": NEWEST,
            "samples": 3,
            "peak_viewers": 140,
            "peak_at": BEFORE,
            "viewer_ms": 60 * _HOUR_MS,
            "covered_ms": _HOUR_MS // 2,
            "avg_viewers": 120.0,
            "hours_watched": 60.0,
            "airtime_minutes": 30.0,
        }
    ],
    "fact_stream_days": [
        {
            "stream_id": "stream-a",
            "game_id": game,
            "date_day": DAY,
            "platform": "twitch",
            "streamer_key": "a",
            "streamer_id": "id-a",
            "samples": 3,
            "viewer_ms": hours * _HOUR_MS,
            "covered_ms": _HOUR_MS // 4,
        }
        for game, hours in (("chess", 40), ("", 20))
    ],
    "mart_streamer_daily": [
        {
            "streamer_key": key,
            "platform": "twitch",
            "streamer_id": f"id-{key}",
            "date_day": day,
            "hours_watched": hours,
            "avg_viewers": average,
            "peak_viewers": peak,
            "airtime_minutes": minutes,
            "streams_started": started,
            "viewer_ms": int(hours * _HOUR_MS),
            "covered_ms": int(minutes * 60_000),
        }
        for key, day, hours, average, peak, minutes, started in (
            ("a", DAY_BEFORE, 10.0, 20.0, 30, 30.0, 1),
            ("a", DAY, 60.0, 120.0, 140, 30.0, 1),
            ("b", DAY, 30.0, 60.0, 90, 30.0, 1),
        )
    ],
    "fact_live_streams": [
        {
            "stream_id": "log-1",
            "platform": "livelogs",
            "streamer_key": "l",
            "streamer_id": "l-1",
            "started_at": datetime(2026, 3, 1, 20),
            "ended_at": datetime(2026, 3, 1, 22),
            "duration_seconds": 7200,
            "duration_minutes": 120,
            "max_viewers": 44,
            "total_viewer_seconds": 72000.0,
            "follow_change": 5,
        },
        {
            "stream_id": "log-2",
            "platform": "livelogs",
            "streamer_key": "l",
            "streamer_id": "l-1",
            "started_at": datetime(2026, 3, 2, 8),
            "ended_at": datetime(2026, 3, 2, 9),
            "duration_seconds": 3600,
            "duration_minutes": 60,
            "max_viewers": 20,
            "total_viewer_seconds": 7200.0,
            "follow_change": -2,
        },
    ],
    "fact_gifts": [
        {
            "gift_transaction_id": name,
            "platform": "livelogs",
            "streamer_key": "l",
            "streamer_id": "l-1",
            "user_key": user,
            "user_id": user,
            "gifted_at": datetime(2026, 3, 1, 20, 30),
            "points": points,
            "is_cancelled": cancelled,
            "is_anonymous": user == "nobody",
        }
        for name, user, points, cancelled in (
            ("g1", "u1", 10, False),
            ("g2", "u1", 5, False),
            ("g3", "u2", 7, True),
            ("g4", "nobody", 3, False),
        )
    ],
    "streamers_history": [
        {
            "streamer_key": "a",
            "platform": "twitch",
            "streamer_id": "id-a",
            "streamer_name": name,
            "streamer_login": name.lower(),
            "broadcaster_type": "partner",
            "valid_from": begin,
            "valid_to": end,
            "is_current": end is None,
            "version_key": name,
        }
        for name, begin, end in (("Annabel", FIRST, BEFORE), ("Anna", BEFORE, None))
    ],
    "channel_history": [
        {
            "streamer_key": "a",
            "platform": "twitch",
            "streamer_id": "id-a",
            "stream_id": "stream-a",
            "title": title,
            "game_id": "chess",
            "game_name": "Chess",
            "language": "en",
            "valid_from": begin,
            "valid_to": end,
            "version_key": title,
        }
        for title, begin, end in (
            ("long ago", datetime(2026, 1, 1), datetime(2026, 2, 1)),
            ("+1 for me", datetime(2026, 2, 1), FIRST),
            ("hello", FIRST, None),
        )
    ],
    "int_amplitude_properties": [],
    "streamer_activity": [
        {
            "activity_id": "act-1",
            "ts": FIRST,
            "customer": "twitch:id-a",
            "activity": "stream_started",
            "feature_json": json.dumps({"stream_id": "stream-a"}),
            "activity_occurrence": 1,
            "person": "twitch:id-a",
        }
    ],
}
