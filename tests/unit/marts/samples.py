"""Rows of facts for the tests of what is built from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from snowflake.snowpark import DataFrame, Session

from tests.feeding import T0, frame_of
from transforms.marts.int_stream_observations import TABLE

DAY = date(2023, 9, 24)
HOUR_MS = 3_600_000


def sample(stream_id: str, at: datetime, viewers: int, hold_ms: int = 0, **changes: Any) -> dict[str, Any]:
    """One observation, by a poll; its streamer is named after the stream."""
    row = {
        "platform": "twitch",
        "stream_id": stream_id,
        "streamer_key": f"k{stream_id}",
        "streamer_id": f"u{stream_id}",
        "game_id": "g",
        "snapshot_at": at,
        "viewer_count": viewers,
        "language": "en",
        "started_at": T0,
        "is_poll": True,
        "is_narrowed": False,
        "hold_ms": hold_ms,
    }
    return row | changes


def observations(session: Session, *rows: dict[str, Any]) -> DataFrame:
    """The samples as a frame of int_stream_observations."""
    return frame_of(session, TABLE, rows)


def day_of(stream_id: str, streamer: str, **changes: Any) -> dict[str, Any]:
    """One row of fact_stream_days: four viewers for an hour."""
    row = {
        "stream_id": stream_id,
        "game_id": "g",
        "date_day": DAY,
        "platform": "twitch",
        "streamer_key": f"k{streamer}",
        "streamer_id": streamer,
        "samples": 1,
        "peak_viewers": 5,
        "viewer_ms": 4 * HOUR_MS,
        "covered_ms": HOUR_MS,
        "is_start_day": True,
    }
    return row | changes
