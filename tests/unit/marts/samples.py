"""Rows of fact_stream_snapshots for the tests of what is built from it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from snowflake.snowpark import DataFrame, Session

from tests.feeding import T0, frame_of
from transforms.marts.fact_stream_snapshots import TABLE


def sample(stream_id: str, at: datetime, viewers: int, hold_ms: int = 0, **changes: Any) -> dict[str, Any]:
    """One sample; its streamer is named after the stream."""
    row = {
        "stream_snapshot_key": f"{stream_id}@{at}",
        "platform": "twitch",
        "stream_id": stream_id,
        "streamer_key": f"k{stream_id}",
        "streamer_id": f"u{stream_id}",
        "game_id": "g",
        "snapshot_at": at,
        "viewer_count": viewers,
        "language": "en",
        "started_at": T0,
        "hold_ms": hold_ms,
    }
    return row | changes


def snapshots(session: Session, *rows: dict[str, Any]) -> DataFrame:
    """The samples as a frame of fact_stream_snapshots."""
    return frame_of(session, TABLE, rows)
