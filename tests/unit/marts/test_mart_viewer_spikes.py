"""Spikes: what spikes, when an episode ends, and that streams are judged by themselves."""

from __future__ import annotations

from typing import Any

from snowflake.snowpark import Session

from tests.feeding import frame_of, minutes, rows_of
from transforms.marts.int_stream_observations import TABLE as OBSERVATIONS
from transforms.marts.mart_viewer_spikes import TABLE, SpikeLimits, build

LIMITS = SpikeLimits(viewers=1000, ratio=3, least_viewers=50, training_minutes=10, min_samples=3, cooldown_minutes=3)
_COMMON = {"platform": "twitch", "streamer_key": "k", "streamer_id": "7", "game_id": "g"}


def spikes_of(session: Session, sampled: list[dict[str, Any]]):
    observed = frame_of(session, OBSERVATIONS, [{**_COMMON, **row} for row in sampled])
    return build(observed, spike_limits=LIMITS)


def sampled(*viewers: int, stream_id: str = "a", first: float = 0) -> list[dict[str, Any]]:
    """A sample a minute."""
    return [
        {"stream_id": stream_id, "snapshot_at": minutes(first + number), "viewer_count": count}
        for number, count in enumerate(viewers)
    ]


def test_a_spike_begins_peaks_and_is_closed_behind_the_cooldown(frames: Session):
    found = spikes_of(frames, sampled(100, 110, 120, 115, 112, 335, 400, 500, 500, 90, 90, 80))
    names = [column.name for column in TABLE.columns if column.name != "spike_key"]
    assert rows_of(found, *names) == [
        (
            *("twitch", "a", "k", "7", "g", minutes(6), "ratio", 113.5, 400, 500, minutes(7), 3, minutes(8)),
            *(minutes(11), 80, False),
        )
    ]


def test_very_many_viewers_are_a_spike_without_anything_usual(frames: Session):
    found = spikes_of(frames, sampled(999, 1000))
    assert rows_of(found, "spike_rule", "usual_viewers", "first_viewers", "closed_at", "is_open") == [
        ("threshold", None, 1000, None, True)
    ]


def test_both_rules_can_hold(frames: Session):
    assert rows_of(spikes_of(frames, sampled(100, 100, 100, 1000)), "spike_rule", "usual_viewers") == [("both", 100.0)]


def test_a_ratio_needs_enough_samples_of_the_window_and_enough_viewers(frames: Session):
    assert rows_of(spikes_of(frames, sampled(100, 100, 900)), "spike_key") == []
    assert rows_of(spikes_of(frames, sampled(1, 0, 0, 49)), "spike_key") == []
    assert rows_of(spikes_of(frames, sampled(1, 0, 0, 50)), "first_viewers", "usual_viewers") == [(50, 0.0)]
    too_old = [*sampled(100, 100, 100), *sampled(900, first=10.1)]
    assert rows_of(spikes_of(frames, too_old), "spike_key") == []
    just_in = [*sampled(100, 100, 100), *sampled(900, first=10)]
    assert rows_of(spikes_of(frames, just_in), "usual_viewers") == [(100.0,)]


def test_within_the_cooldown_it_is_one_episode_and_behind_it_another(frames: Session):
    found = spikes_of(frames, sampled(2000, 5, 5, 2000, 5, 5, 5, 5, 2000))
    assert rows_of(found, "started_at", "last_spike_at", "closed_at", "spike_samples") == [
        (minutes(0), minutes(3), minutes(6), 2),
        (minutes(8), minutes(8), None, 1),
    ]


def test_streams_are_judged_by_themselves_and_none_gives_an_empty_table(frames: Session):
    rows = [*sampled(100, 100, 100, 299), *sampled(900, 900, 900, 900, stream_id="b")]
    assert rows_of(spikes_of(frames, rows), "spike_key") == []
    empty = spikes_of(frames, [])
    assert rows_of(empty) == []
    assert [name.lower() for name in empty.columns] == list(TABLE.column_names)
