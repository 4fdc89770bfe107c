"""Spikes of irregular samples and polls against plain Python, in any order of arrival and any split into builds."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from hypothesis import Phase, given, settings, strategies as st
from snowflake.snowpark import Session

from tests.feeding import PARAMETERS, T0, LandingFile, build_all, content, load, rows_of, stream, written
from tests.properties.conftest import emptied
from tests.properties.promises import unhurried
from tests.properties.spikes_believed import Sample, find_episodes
from transforms.catalog import models
from transforms.engine.stored import read_table
from transforms.marts.mart_viewer_spikes import SpikeLimits

LIMITS = SpikeLimits(viewers=5000, ratio=2.5, least_viewers=20, training_minutes=60, min_samples=3, cooldown_minutes=20)
_TABLES = ("stg_stream_samples", "stg_twitch_streams", "int_stream_observations")
_SPIKES = "mart_viewer_spikes"
_OPTIONS: dict[str, Any] = {"parameters": {**PARAMETERS, "spike_limits": LIMITS}}
_VALUES = (
    *("stream_id", "started_at", "spike_rule", "usual_viewers", "first_viewers", "peak_viewers", "peak_at"),
    *("spike_samples", "last_spike_at", "closed_at", "closed_viewers"),
)


@st.composite
def watched_streams(draw: st.DrawFn) -> list[Sample]:
    """Five streams of some hours: at a level, with bursts, gaps, equal counts at the limits, nobody."""
    seed = draw(st.integers(0, 2**32))
    dice = random.Random(seed)
    samples: list[Sample] = []
    for number in range(5):
        level, at = dice.choice([4, 20, 100, 1999, 2000]), T0
        burst = 0
        for _ in range(dice.randint(1, 50)):
            at += timedelta(seconds=dice.choice([60, 60, 60, 300, 900, 1200, 1201, 3600, 5400]))
            burst = burst - 1 if burst else dice.choice([0] * 9 + [1, 4, 12])
            viewers = dice.choice([level, level, level + 1, 0]) if not burst else int(level * dice.choice([2.5, 3, 9]))
            samples.append((f"s{number}", at, viewers))
    return samples


def files_of(samples: list[Sample], dice: random.Random) -> list[LandingFile]:
    """Each sample as a message, as a record of a poll, or as both: then the poll counts."""
    messages: list[list[dict[str, Any]]] = [[] for _ in range(8)]
    polls: dict[datetime, list[dict[str, Any]]] = {}
    for position, (name, at, viewers) in enumerate(samples):
        by_both, by_message = dice.random() < 0.1, dice.random() < 0.8
        if by_both or by_message:
            counted = dice.randint(0, viewers) if by_both else viewers
            message = {"timestamp": at.isoformat(), "stream_id": name, "user_id": f"u{name}", "viewer_count": counted}
            place = {"_incarnation": "one", "_partition": 0, "_offset": position}
            dice.choice(messages).append({**message, **place, "game_id": "g1", "title": "hello"})
        if by_both or not by_message:
            polls.setdefault(at, []).append(stream(name, viewers, user_id=f"u{name}", title="hello"))
    files = [LandingFile("samples", T0, tuple(batch), source="kafka") for batch in messages if batch]
    return files + [LandingFile("streams", at, tuple(records)) for at, records in polls.items()]


@settings(unhurried, phases=[Phase.generate])
@given(samples=watched_streams(), order=st.randoms(use_true_random=False))
def test_spikes_are_those_of_plain_python_however_samples_arrive(
    bit_by_bit: Session, samples: list[Sample], order: random.Random
):
    emptied(bit_by_bit)
    files = files_of(samples, order)
    order.shuffle(files)
    cut = order.randint(0, len(files))
    for part in (files[:cut], files[cut:]):
        load(bit_by_bit, *part)
        build_all(bit_by_bit, (*_TABLES, _SPIKES), **_OPTIONS)
    stored = read_table(bit_by_bit, models()[_SPIKES].table)
    expected = [episode.row() for episode in find_episodes(samples, LIMITS)]
    assert rows_of(stored, *_VALUES) == sorted(expected, key=lambda row: [(v is None, str(v)) for v in row])
    assert len(expected) > 1, "no spike was put to the test"
    before = content(bit_by_bit, _SPIKES)
    refreshed = build_all(bit_by_bit, (_SPIKES,), mode="full_refresh", **_OPTIONS)
    assert written(refreshed[_SPIKES]) == (0, 0, 0)
    assert content(bit_by_bit, _SPIKES) == before
