"""When each streamer's last 7 days first fell below half of the 7 before."""

from __future__ import annotations

from typing import Any

from snowflake.snowpark import Session

from tests.feeding import rows_of
from tests.unit.activity.facts import Row, at, event, frame
from transforms.activity.int_streamer_risk import TABLE, build


def broadcasts(person: str, *days: int, viewers: int | None = None) -> list[Row]:
    """A broadcast begun and ended on each of the days."""
    rows = []
    for place, day in enumerate(days):
        rows.append(event("stream_started", person, f"{person} {place} start", at(8, day)))
        rows.append(event("stream_ended", person, f"{person} {place} end", at(9, day), unique_viewers=viewers))
    return rows


def risk(session: Session, *rows: Row) -> list[tuple[Any, ...]]:
    built = build(frame(session, "int_streamer_events", *rows))
    return rows_of(built, "person", "platform", "newest_stream_at", "at_risk_at", *TABLE.column_names[4:])


def test_the_moment_is_the_end_of_the_first_day_below_half(frames: Session):
    rows = [
        *broadcasts("twitch:stopped", 1),
        *broadcasts("twitch:half as many", 1, 2, 8),
        *broadcasts("twitch:less than half", 1, 2, 3, 9),
        *broadcasts("twitch:came back", 1, 2, 8, 9, 15, 16),
        *broadcasts("twitch:came back too late", 1, 9),
    ]
    assert risk(frames, *rows) == [
        ("twitch:came back", "twitch", at(9, 16), at(0, 24), "streams", 0, 2, 0, 0),
        ("twitch:came back too late", "twitch", at(9, 9), at(0, 9), "streams", 0, 1, 0, 0),
        ("twitch:half as many", "twitch", at(9, 8), at(0, 16), "streams", 0, 2, 0, 0),
        ("twitch:less than half", "twitch", at(9, 9), at(0, 11), "streams", 1, 3, 0, 0),
        ("twitch:stopped", "twitch", at(9, 1), at(0, 9), "streams", 0, 1, 0, 0),
    ]


def test_fewer_viewers_are_a_risk_too_and_each_platform_of_a_streamer_tells_how_far_its_data_goes(frames: Session):
    rows = [
        *broadcasts("livelogs:s", 1, 2, viewers=100),
        *[row | {"activity_id": f"again {row['activity_id']}"} for row in broadcasts("livelogs:s", 8, 9, viewers=49)],
    ]
    elsewhere = event("stream_started", "livelogs:s", "elsewhere", at(8, 3)) | {"platform": "twitch"}
    assert risk(frames, *rows, elsewhere) == [
        ("livelogs:s", "livelogs", at(9, 9), at(0, 10), "unique_viewers", 3, 2, 98, 200),
        ("livelogs:s", "twitch", at(8, 3), at(0, 10), "unique_viewers", 3, 2, 98, 200),
    ]


def test_nobody_and_no_broadcast_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame(frames, "int_streamer_events", event("gift_received", "livelogs:s", "g", at(8))))
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
