"""The public live logs beside the project: what their streamers did, recomputed row by row in plain Python."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from snowflake.snowpark import Session

from tests.feeding import LandingFile, build_all, load, prepare
from tests.properties.activity_oracle import Rules, streamer_stream
from tests.properties.activity_streams import ordered, stream
from tests.properties.activity_world import hashed
from transforms.activity.thresholds import Thresholds

SAMPLES = Path(__file__).parents[3] / "shared/data/livelogs/all_stream_info.csv"
READ_AT = datetime(2020, 6, 23)
ROWS_OF_A_FILE = 400
BUILT = ("stg_livelogs_streams", "fact_live_streams", "activity")
WHOLE = {
    "duration_seconds": "duration",
    "max_viewers": "maxLiveViewerCount",
    "unique_viewers": "uniqueViewerCount",
    "follow_change": "followIncreaseEstimated",
    "like_count": "receivedLikeCount",
    "comment_count": "count",
    "receive_points": "receivePointEstimated",
    "streamer_type": "streamerType",
}


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix(" UTC"))


def fact_of(line: dict[str, str]) -> dict[str, Any]:
    """A line of the file as the oracle takes it."""
    whole = {name: int(line[column]) for name, column in WHOLE.items()}
    watched = line["totalViewerDuration"]
    return {
        **{"platform": "livelogs", "streamer_id": line["userID"], "streamer_key": hashed("livelogs", line["userID"])},
        **{"stream_id": line["liveStreamID"], **whole, "close_by": line["closeBy"] or "Other"},
        **{"started_at": time_of(line["beginTime"]), "ended_at": time_of(line["endTime"])},
        **{"total_viewer_seconds": float(watched) if watched else None},
        **{"is_show": line["isShow"] == "True", "is_private": line["privateLiveStream"] == "1"},
    }


@pytest.mark.skipif(not SAMPLES.is_file(), reason="the public live logs are not beside the project")
def test_the_public_live_logs_give_the_stream_of_the_oracle_row_by_row(session: Session):
    with SAMPLES.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    prepare(session)
    for first in range(0, len(lines), ROWS_OF_A_FILE):
        load(session, LandingFile("streams", READ_AT, tuple(lines[first : first + ROWS_OF_A_FILE]), source="livelogs"))
    build_all(session, BUILT)
    expected = streamer_stream({"fact_live_streams": [fact_of(line) for line in lines]}, Rules(Thresholds()))
    found = stream(session, "streamer_activity")
    assert found == ordered([event.shown() for event in expected])
    assert Counter(row[5] for row in found) == {}
