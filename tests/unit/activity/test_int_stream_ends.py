"""Broadcasts that polls saw and that are over."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.feeding import rows_of
from tests.unit.activity.facts import at, frame, session_of, streamer
from transforms.activity.int_stream_ends import TABLE, build

GAP_CAP = 2700


def test_a_broadcast_is_over_when_polls_went_on_without_it_for_longer_than_the_gap_cap(frames: Session):
    rows = [
        session_of("over", "a", at(8), at(9)),
        session_of("unstarted", "a", at(9.25), at(9.25), started_at=None),
        session_of("at the cap", "b", at(8), at(10)),
        session_of("newest", "c", at(10), at(10.75)),
        session_of("elsewhere", "d", at(8), at(9), "another"),
    ]
    built = build(frame(frames, "fact_stream_sessions", *rows), gap_cap_seconds=GAP_CAP)
    a = streamer("a", "twitch")
    assert rows_of(built) == [
        ("over", "twitch", a["streamer_key"], "a", at(8), at(9), 7, 1.5),
        ("unstarted", "twitch", a["streamer_key"], "a", at(9.25), at(9.25), 7, 1.5),
    ]


def test_a_broadcast_that_was_seen_before_it_began_ends_when_it_began(frames: Session):
    """By a second or by days: no critical rule may close what reads all others for one record's time."""
    rows = [
        session_of("while polled", "a", at(8.05), at(8), first_seen_at=at(8)),
        session_of("days off", "a", at(8, day=9), at(8), first_seen_at=at(8)),
        session_of("newest", "a", at(10), at(10)),
    ]
    built = build(frame(frames, "fact_stream_sessions", *rows), gap_cap_seconds=GAP_CAP)
    assert rows_of(built, "stream_id", "started_at", "ended_at") == [
        ("days off", at(8, day=9), at(8, day=9)),
        ("while polled", at(8.05), at(8.05)),
    ]


def test_samples_that_go_on_end_what_they_have_seen_and_nothing_that_polls_alone_saw(frames: Session):
    rows = [
        session_of("polled", "a", at(8), at(9)),
        session_of("both", "b", at(8), at(9), last_sampled_at=at(9)),
        session_of("sampled", "c", at(8), at(9), last_polled_at=None, last_sampled_at=at(9)),
        session_of("newest", "d", at(8), at(10), last_polled_at=None, last_sampled_at=at(10)),
    ]
    built = build(frame(frames, "fact_stream_sessions", *rows), gap_cap_seconds=GAP_CAP)
    assert rows_of(built, "stream_id") == [("both",), ("sampled",)]


def test_no_sessions_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame(frames, "fact_stream_sessions"), gap_cap_seconds=GAP_CAP)
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
