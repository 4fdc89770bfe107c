"""The public live logs beside the project: what their streamers did, recomputed row by row in plain Python."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from snowflake.snowpark import Session

from tests.feeding import LandingFile, build_all, frame_of, load
from tests.properties.activity_oracle import Rules, streamer_stream
from tests.properties.activity_streams import ordered, stream
from tests.properties.activity_world import hashed
from tests.properties.conftest import emptied
from transforms.activity.definitions.activity import Thresholds
from transforms.engine.stored import current_database

SAMPLES = Path(__file__).parents[3] / "shared/data/livelogs/all_stream_info.csv"
READ_AT = datetime(2020, 6, 23)
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


def load_lines(session: Session, lines: list[dict[str, str]]) -> None:
    """Put the lines into RAW at once, as one landing file."""
    file = LandingFile("streams", READ_AT, (), name="livelogs/streams/sample", source="livelogs")
    lineage = {"_source_file": file.path, "_load_id": file.load_id, "_snapshot_at": READ_AT, "_loaded_at": READ_AT}
    rows = [{"record": line, "_source_row": number, **lineage} for number, line in enumerate(lines, start=1)]
    path = file.table.full_name(current_database(session)).split(".")
    frame_of(session, file.table, rows).write.save_as_table(path, mode="append")
    load(session, file)


@pytest.mark.skipif(not SAMPLES.is_file(), reason="the public live logs are not beside the project")
def test_the_public_live_logs_give_the_stream_of_the_oracle_row_by_row(bit_by_bit: Session):
    with SAMPLES.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    session = emptied(bit_by_bit)
    load_lines(session, lines)
    build_all(session, BUILT)
    expected = streamer_stream({"fact_live_streams": [fact_of(line) for line in lines]}, Rules(Thresholds()))
    found = stream(session, "streamer_activity")
    assert found == ordered([event.shown() for event in expected])
    assert Counter(row[5] for row in found) == {
        **{"stream_started": 3148, "stream_ended": 3148, "went_live": 2390},
        **{"first_stream_completed": 414, "streamer_activated": 172},
    }
