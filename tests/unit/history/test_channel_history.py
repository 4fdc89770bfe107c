"""Channels over time: title, category and language of what is live."""

from __future__ import annotations

from typing import Any

from snowflake.snowpark import Session

from tests.feeding import T0, LandingFile, build_all, consumed, load, minutes, rows_of, sample_of, stream, written
from transforms.engine.stored import read_table
from transforms.history.channel_history import TABLE as CHANNELS

READ = ("streamer_id", "stream_id", "title", "game_id", "valid_from", "valid_to", "observed_at_last")


def live(stream_id: str, title: str, **fields: Any) -> dict[str, Any]:
    return stream(stream_id, 5, user_id="u", title=title, **fields)


def test_a_new_title_opens_a_version_and_a_new_stream_alone_does_not(warehouse: Session):
    load(warehouse, LandingFile("streams", T0, (live("1", "hello"),)))
    build_all(warehouse, ["+channel_history"])
    load(warehouse, LandingFile("streams", minutes(15), (live("2", "hello"),)))
    assert written(build_all(warehouse, ["+channel_history"])["channel_history"]) == (0, 1, 0)
    load(warehouse, LandingFile("streams", minutes(30), (live("2", "bye", game_id=""),)))
    assert written(build_all(warehouse, ["+channel_history"])["channel_history"]) == (1, 1, 0)
    assert rows_of(read_table(warehouse, CHANNELS), *READ) == [
        ("u", "2", "bye", "", minutes(30), None, minutes(30)),
        ("u", "2", "hello", "g1", T0, minutes(30), minutes(15)),
    ]


def test_of_two_streams_in_one_poll_the_later_one_tells_whatever_arrives_first(warehouse: Session):
    earlier = live("1", "first", started_at="2023-09-24T15:00:00Z")
    later = live("2", "second", started_at="2023-09-24T16:00:00Z")
    load(warehouse, LandingFile("streams", T0, (later,), name="a"))
    build_all(warehouse, ["+channel_history"])
    load(warehouse, LandingFile("streams", T0, (earlier,), name="b"))
    assert written(build_all(warehouse, ["+channel_history"])["channel_history"]) == (0, 0, 0)
    assert rows_of(read_table(warehouse, CHANNELS), *READ) == [("u", "2", "second", "g1", T0, None, T0)]


def test_samples_tell_a_change_at_the_minute_whatever_arrives_first(warehouse: Session):
    """Messages of other producers, which tell no title or nobody's id, are no observations of a channel."""
    polls = [LandingFile("streams", at, (live("1", title),)) for at, title in ((T0, "hello"), (minutes(15), "bye"))]
    of_u = {"user_id": "u", "title": "hello"}
    samples = (
        sample_of("1", minutes(1), 5, **of_u),
        sample_of("1", minutes(2), 5, **{**of_u, "title": "bye"}),
        sample_of("1", minutes(3), 5, user_id="u", title=None),
        sample_of("1", minutes(4), 5, user_id=None, title="nobody's"),
    )
    load(warehouse, *polls)
    build_all(warehouse, ["+channel_history"])
    load(warehouse, consumed(minutes(5), *samples))
    build_all(warehouse, ["+channel_history"])
    versions = [
        ("u", "1", "bye", "g1", minutes(2), None, minutes(15)),
        ("u", "1", "hello", "g1", T0, minutes(2), minutes(1)),
    ]
    assert rows_of(read_table(warehouse, CHANNELS), *READ) == versions
