"""Rows of facts, events and links for the tests of the streams."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from snowflake.snowpark import DataFrame, Session

from tests.feeding import frame_of
from tests.properties.activity_world import hashed
from transforms.activity.definitions.registry import list_known_activities
from transforms.catalog import models

Row = dict[str, Any]
DAY_1 = datetime(2023, 9, 1)


def at(hour: float, day: int = 1) -> datetime:
    """That hour of a day of September 2023."""
    return datetime(2023, 9, day, int(hour), round(hour % 1 * 60))


def frame(session: Session, name: str, *rows: Row) -> DataFrame:
    """The rows as a frame of the table of that name."""
    return frame_of(session, models()[name].table, rows)


def empty(session: Session, *names: str) -> list[DataFrame]:
    """Frames of those tables without a row."""
    return [frame(session, name) for name in names]


def streamer(streamer_id: str, platform: str = "livelogs") -> Row:
    return {"platform": platform, "streamer_id": streamer_id, "streamer_key": hashed(platform, streamer_id)}


def viewer(user_id: str, platform: str = "billing") -> Row:
    return {"platform": platform, "user_id": user_id, "user_key": hashed(platform, user_id)}


def live_stream(stream_id: str, streamer_id: str, begin: datetime, end: datetime | None, **changes: Any) -> Row:
    seconds = None if end is None else int((end - begin).total_seconds())
    times = {"started_at": begin, "ended_at": end, "duration_seconds": seconds}
    return {"stream_id": stream_id, **streamer(streamer_id), **times, "close_by": "Other"} | changes


def session_of(
    stream_id: str, name: str, begin: datetime, last: datetime, platform: str = "twitch", **changes: Any
) -> Row:
    row = {"stream_id": stream_id, **streamer(name, platform), "started_at": begin, "first_seen_at": begin}
    return row | {"last_seen_at": last, "last_polled_at": last, "peak_viewers": 7, "hours_watched": 1.5} | changes


def gift(gift_transaction_id: str, user_id: str, streamer_id: str, when: datetime, **changes: Any) -> Row:
    row = {**streamer(streamer_id), **viewer(user_id, "livelogs"), "gift_transaction_id": gift_transaction_id}
    told = {"gifted_at": when, "gift_id": "rose", "points": 10, "is_cancelled": False, "is_anonymous": False}
    return row | told | changes


def event(activity: str, person: str, number: str, when: datetime, **features: Any) -> Row:
    """A row of int_streamer_events or int_viewer_events; features that are not given are NULL."""
    known = list_known_activities()[activity]
    platform, _, identifier = person.partition(":")
    owner = streamer(identifier, platform) if known.stream == "streamer_activity" else viewer(identifier, platform)
    names = {feature.name: None for feature in known.features}
    return {
        **owner,
        "activity_id": number,
        "ts": when,
        "customer": person,
        "activity": activity,
        "feature_json": names | features,
        "person": person,
    }


def features(row: Any) -> Row:
    """feature_json of a row, as a dict."""
    return dict(json.loads(row["FEATURE_JSON"]))


def shown(built: DataFrame, *names: str) -> list[tuple[Any, ...]]:
    """Those columns of every row in order of time and id; feature_json as a dict."""
    rows = built.select("ts", "activity_id", *[name for name in names if name not in ("ts", "activity_id")]).collect()
    in_order = sorted(rows, key=lambda row: (row["TS"] is None, row["TS"], row["ACTIVITY_ID"]))
    return [tuple(features(row) if name == "feature_json" else row[name.upper()] for name in names) for row in in_order]
