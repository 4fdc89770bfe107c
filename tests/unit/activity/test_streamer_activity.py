"""streamer_activity: what the events of streamers amount to, and their numbers."""

from __future__ import annotations

from typing import Any

from snowflake.snowpark import Session

from tests.feeding import rows_of
from tests.properties.activity_world import hashed
from tests.unit.activity.facts import Row, at, event, frame, shown
from transforms.activity.definitions.activity import Thresholds
from transforms.activity.streamer_activity import TABLE, build


def amounts(session: Session, *events: Row, **thresholds: int) -> list[tuple[Any, ...]]:
    """The lifecycle rows: (ts, activity, features)."""
    risk = frame(session, "int_streamers_at_risk")
    built = build(frame(session, "int_streamer_events", *events), risk, thresholds=Thresholds(**thresholds))
    sources = {row["activity"] for row in events}
    return [row for row in shown(built, "ts", "activity", "feature_json") if row[1] not in sources]


def ended(number: str, hour: int, **features: Any) -> Row:
    return event("stream_ended", "livelogs:s", number, at(hour), stream_id=number, **features)


def given(number: str, hour: int, *, is_cancelled: bool = False) -> Row:
    return event("gift_received", "livelogs:s", number, at(hour), stream_id="L", is_cancelled=is_cancelled)


def test_the_first_stream_completed_is_the_first_that_was_long_enough(frames: Session):
    rows = [
        ended("short", 8, duration_seconds=599),
        ended("long", 9, duration_seconds=600),
        ended("longer", 10, duration_seconds=999),
    ]
    assert amounts(frames, *rows, ended("not told", 7)) == [
        (at(9), "first_stream_completed", {"stream_id": "long", "duration_seconds": 600})
    ]


def test_a_streamer_is_activated_by_the_first_gift_that_stays_or_by_viewers(frames: Session):
    watched = ended("watched", 10, unique_viewers=50)
    rows = [ended("few", 8, unique_viewers=49), given("cancelled", 9, is_cancelled=True), watched]
    by_viewers = (at(10), "streamer_activated", {"reason": "viewers", "stream_id": "watched", "unique_viewers": 50})
    by_gift = (at(9), "streamer_activated", {"reason": "gift", "stream_id": "L", "unique_viewers": None})
    assert amounts(frames, *rows, given("late", 11)) == [by_viewers]
    assert amounts(frames, *rows, given("early", 9)) == [by_gift]


def test_a_streamer_is_popular_by_viewers_followers_or_the_nth_gift(frames: Session):
    def popular(*rows: Row) -> list[tuple[Any, ...]]:
        return [row for row in amounts(frames, *rows, popular_gifts=2) if row[1] == "popular_streamer"]

    none = {"max_viewers": None, "follow_change": None, "gift_count": None}
    both = {"max_viewers": 500, "follow_change": 150}
    assert popular(ended("b", 9, **both)) == [
        (at(9), "popular_streamer", {**none, "reason": "viewers", "stream_id": "b", **both})
    ]
    few = ended("a", 8, max_viewers=499, follow_change=149)
    followed = ended("c", 10, follow_change=150)
    assert popular(few, followed) == [
        (at(10), "popular_streamer", {**none, "reason": "followers", "stream_id": "c", "follow_change": 150})
    ]
    gifts = [given("1", 7), given("2", 8, is_cancelled=True), given("3", 9), given("4", 9)]
    assert popular(few, followed, *gifts) == [
        (at(9), "popular_streamer", {**none, "reason": "gifts", "stream_id": "L", "gift_count": 2})
    ]


def test_a_streamer_at_risk_has_a_row_at_that_moment(frames: Session):
    counts = {"reason": "streams", "streams": 0, "streams_before": 2, "unique_viewers": 1, "unique_viewers_before": 1}
    risk = frame(frames, "int_streamers_at_risk", {"person": "twitch:t", "at_risk_at": at(0, 9), **counts})
    built = build(frame(frames, "int_streamer_events"), risk, thresholds=Thresholds())
    names = [name for name in TABLE.column_names if name != "feature_json"]
    key = hashed("at_risk_streamer", "twitch:t")
    assert shown(built, *names, "feature_json") == [
        (key, at(0, 9), "twitch:t", None, "at_risk_streamer", None, None, 1, None, "twitch:t", counts)
    ]


def test_equal_times_are_numbered_by_id_per_person_and_activity(frames: Session):
    rows = [given("b", 9), given("a", 9), given("c", 8), event("gift_received", "livelogs:other", "d", at(9))]
    built = build(
        frame(frames, "int_streamer_events", *rows), frame(frames, "int_streamers_at_risk"), thresholds=Thresholds()
    )
    gifts = [row for row in shown(built, "activity_id", "activity_occurrence", "activity_repeated_at", "activity")]
    assert [row[:3] for row in gifts if row[3] == "gift_received"] == [
        ("c", 1, at(9)),
        ("a", 2, at(9)),
        ("b", 3, None),
        ("d", 1, None),
    ]


def test_no_deeds_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame(frames, "int_streamer_events"), frame(frames, "int_streamers_at_risk"), thresholds=Thresholds())
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
