"""Observations: polls and samples of a stream in one order, each with the time that it holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from snowflake.snowpark import DataFrame, Session

from tests.feeding import T0, frame_of, minutes, rows_of
from transforms.formulas.keys import hash_key
from transforms.functions import lit
from transforms.marts.int_stream_observations import TABLE, build
from transforms.staging.stg_stream_samples import TABLE as SAMPLES
from transforms.staging.stg_twitch_streams import TABLE as POLLS

CAPS = {"gap_cap_seconds": 2700, "sample_gap_cap_seconds": 180}
HELD = ("stream_id", "snapshot_at", "viewer_count", "is_poll", "hold_ms")
MINUTE = 60_000


def polled(stream_id: str, at: datetime, viewers: int, **changes: Any) -> dict[str, Any]:
    row = {"stream_id": stream_id, "snapshot_at": at, "viewer_count": viewers, "platform": "twitch"}
    row |= {"streamer_id": f"u{stream_id}", "game_id": "g1", "game_name": "Chess", "language": "en", "started_at": T0}
    return row | {"_source_file": "f", "_source_row": 1, "_load_id": "l"} | changes


def sampled(stream_id: str, at: datetime, viewers: int, **changes: Any) -> dict[str, Any]:
    row = polled(stream_id, at, viewers)
    return row | {"collected_at": row.pop("snapshot_at"), "has_no_viewers": viewers == 0} | changes


def built(session: Session, polls: list[dict[str, Any]], samples: list[dict[str, Any]]) -> DataFrame:
    return build(frame_of(session, POLLS, polls), frame_of(session, SAMPLES, samples), **CAPS)


def test_a_row_carries_what_was_observed(frames: Session):
    found = built(frames, [polled("a", T0, 1, language=None)], [sampled("b", T0, 0, is_narrowed=True)])
    key = {
        name: frames.range(1).select(hash_key(lit("twitch"), lit(name)).alias("k")).collect()[0][0]
        for name in ("ua", "ub")
    }
    assert rows_of(found) == [
        ("a", T0, "twitch", key["ua"], "ua", "g1", None, 1, T0, True, False, 0),
        ("b", T0, "twitch", key["ub"], "ub", "g1", "en", 0, T0, False, True, 0),
    ]


def test_a_count_holds_until_the_next_of_either_kind(frames: Session):
    polls = [polled("a", minutes(0), 10), polled("a", minutes(15), 40)]
    samples = [sampled("a", minutes(at), viewers) for at, viewers in ((1, 11), (2, 12), (16, 41))]
    assert rows_of(built(frames, polls, samples), *HELD) == [
        ("a", minutes(0), 10, True, MINUTE),
        ("a", minutes(1), 11, False, MINUTE),
        ("a", minutes(2), 12, False, 13 * MINUTE),
        ("a", minutes(15), 40, True, MINUTE),
        ("a", minutes(16), 41, False, 0),
    ]


def test_each_kind_covers_for_its_own_gap_cap_and_a_sample_ends_no_cover(frames: Session):
    """A poll says that the next one is waited for: samples that cease meanwhile make nobody offline."""
    polls = [polled("poll", minutes(0), 1), polled("poll", minutes(60), 2)]
    polls += [polled("both", minutes(0), 1), polled("both", minutes(60), 2)]
    samples = [sampled("sample", minutes(0), 1), sampled("sample", minutes(60), 2), sampled("both", minutes(44), 3)]
    assert rows_of(built(frames, polls, samples), *HELD) == [
        ("both", minutes(0), 1, True, 44 * MINUTE),
        ("both", minutes(44), 3, False, 3 * MINUTE),
        ("both", minutes(60), 2, True, 0),
        ("poll", minutes(0), 1, True, 45 * MINUTE),
        ("poll", minutes(60), 2, True, 0),
        ("sample", minutes(0), 1, False, 3 * MINUTE),
        ("sample", minutes(60), 2, False, 0),
    ]


def test_at_one_time_a_stream_is_observed_once_and_the_poll_counts(frames: Session):
    found = built(frames, [polled("a", T0, 10)], [sampled("a", T0, 99), sampled("b", T0, 5)])
    assert rows_of(found, *HELD) == [("a", T0, 10, True, 0), ("b", T0, 5, False, 0)]


def test_what_a_sample_does_not_say_is_taken_of_the_streams_polls(frames: Session):
    """Messages of other producers name people and games by name alone; whose polls tell neither are left out."""
    bare = {"streamer_id": None, "game_id": None}
    samples = [
        sampled("a", minutes(1), 1, **bare),
        sampled("a", minutes(2), 1, **bare, game_name="Go"),
        sampled("never polled", minutes(1), 1, **bare),
        sampled("another", minutes(1), 1, game_id=None),
    ]
    polls = [polled("a", minutes(0), 1), polled("a", minutes(3), 1, game_id="g2", game_name="Go")]
    found = built(frames, polls, samples)
    assert rows_of(found, "stream_id", "snapshot_at", "streamer_id", "game_id") == [
        ("a", minutes(0), "ua", "g1"),
        ("a", minutes(1), "ua", "g1"),
        ("a", minutes(2), "ua", "g2"),
        ("a", minutes(3), "ua", "g2"),
    ]


def test_nothing_observed_gives_an_empty_frame_of_the_contract(frames: Session):
    found = built(frames, [], [])
    assert found.collect() == []
    assert [name.lower() for name in found.columns] == list(TABLE.column_names)
