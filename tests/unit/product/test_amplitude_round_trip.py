"""What was published against what came back."""

from __future__ import annotations

from datetime import datetime

from snowflake.snowpark import Session

from tests.feeding import frame_of, rows_of
from tests.unit.product.events import at, frame
from transforms.ops import PUBLICATIONS
from transforms.product.amplitude_round_trip import build

COUNTS = ("sent_count", "accepted_count", "deduplicated_count", "missing_count", "unexpected_count")


def sending(activity_id: str, status: str = "sent", attempt: int = 1, minute: int = 5) -> dict[str, object]:
    told = {"destination": "project", "activity": "gift_sent", "recorded_at": at(minute)}
    return {**told, "activity_id": activity_id, "attempt": attempt, "status": status}


def given(insert_id: str, minute: int = 90, event_type: str = "gift_sent") -> dict[str, object]:
    return {"insert_id": insert_id, "event_type": event_type, "uploaded_at": at(minute)}


def shown(session: Session, sent: list[dict[str, object]], came: list[dict[str, object]]) -> list[tuple[object, ...]]:
    built = build(frame(session, "stg_amplitude_events", *came), frame_of(session, PUBLICATIONS, sent))
    return rows_of(built, "destination", "hour_at", *COUNTS)


def test_each_sending_came_back_or_was_dropped_or_is_missing(frames: Session):
    sent = [
        sending("back"),
        sending("back", "pending", minute=4),
        sending("twice"),
        sending("twice", attempt=2, minute=70),
        sending("lost"),
        sending("refused", "rejected"),
    ]
    came = [given("back"), given("twice"), given("of an app", event_type="opened")]
    assert shown(frames, sent, came) == [
        ("project", at(0), 3, 2, 0, 1, 0),
        ("project", at(60), 1, 0, 1, 0, 0),
    ]


def test_what_comes_back_and_was_not_recorded_as_sent_is_unexpected(frames: Session):
    sent = [sending("unclear", "pending"), sending("back")]
    came = [given("unclear", 130), given("back"), given("stranger", 131)]
    assert shown(frames, sent, came) == [
        ("project", at(0), 1, 1, 0, 0, 0),
        ("project", at(120), 0, 0, 0, 0, 1),
        ("unknown", at(120), 0, 0, 0, 0, 1),
    ]


def test_nothing_sent_is_no_row(frames: Session):
    assert shown(frames, [], [given("of an app", event_type="opened")]) == []
    assert at(0) == datetime(2023, 9, 1)
