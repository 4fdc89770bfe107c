"""The measures on irregular samples against a computation in plain Python that shares no code with transforms/."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st
from snowflake.snowpark import Session

from tests.feeding import PARAMETERS, T0, LandingFile, build_all, consumed, load, sample_of, stream
from tests.properties import believed
from tests.properties.believed import Caps, Sample
from tests.properties.conftest import emptied
from tests.properties.promises import unhurried
from transforms.catalog import models
from transforms.engine.stored import read_table

CAPS = Caps(timedelta(seconds=PARAMETERS["gap_cap_seconds"]), timedelta(seconds=PARAMETERS["sample_gap_cap_seconds"]))


@st.composite
def irregular_samples(draw: st.DrawFn) -> list[Sample]:
    """Forty streams of twenty streamers, each seen at its own irregular choice of polls over three days."""
    gaps = st.one_of(st.integers(1, 90), st.integers(600, 1200), st.integers(2690, 2710), st.integers(3000, 50_000))
    polls, at = [], T0
    for gap in draw(st.lists(gaps, min_size=12, max_size=30)):
        polls.append(at)
        at += timedelta(seconds=gap, milliseconds=draw(st.integers(0, 999)))
    samples = []
    for number in range(40):
        seen = draw(st.lists(st.sampled_from(polls), min_size=1, max_size=len(polls), unique=True))
        began = min(seen) - timedelta(minutes=draw(st.integers(0, 2000)))
        games = draw(st.lists(st.sampled_from(["g1", "g2", "g3", ""]), min_size=1, max_size=3))
        for position, moment in enumerate(sorted(seen)):
            viewers = draw(st.sampled_from([0, 0, 1, 3, 50, 51, 99_999]))
            game = games[position % len(games)]
            began_s = began.replace(microsecond=0)
            samples.append(Sample(f"s{number}", f"u{number % 20}", game, "en", moment, viewers, began_s))
            if number < 20:
                samples += [replace(samples[-1], **one) for one in draw(sampled_after(moment))]
    # A message that repeats a sample is another matter (staging); here each stream is sampled once at a time.
    return list({(one.stream, one.at, one.is_poll): one for one in samples}.values())


@st.composite
def sampled_after(draw: st.DrawFn, moment: datetime) -> list[dict[str, Any]]:
    """Samples of a stream that a poll saw: at its time, a minute or more apart behind it, some of one language only."""
    times = draw(st.sampled_from([(), (), (0,), (60, 120), (30, 90, 290, 700), (0, 61, 2650, 2760)]))
    return [
        {
            "at": moment + timedelta(seconds=after),
            "viewers": draw(st.sampled_from([0, 5, 60, 100_001])),
            "is_poll": False,
            "is_narrowed": draw(st.integers(0, 3)) == 0,
        }
        for after in times
    ]


def files_of(samples: list[Sample]) -> list[LandingFile]:
    by_time: dict[datetime, list[dict[str, Any]]] = {}
    sampled: dict[date, list[dict[str, Any]]] = {}
    for s in samples:
        began = f"{s.began:%Y-%m-%dT%H:%M:%SZ}"
        told = {"user_id": s.streamer, "game_id": s.game, "language": s.language, "started_at": began}
        if s.is_poll:
            by_time.setdefault(s.at, []).append(stream(s.stream, s.viewers, **told))
        else:
            record = sample_of(s.stream, s.at, s.viewers, **told, is_narrowed=s.is_narrowed)
            sampled.setdefault(s.at.date(), []).append(record)
    polls = [LandingFile("streams", at, tuple(records)) for at, records in by_time.items()]
    batches = [consumed(datetime(*day.timetuple()[:3]), *records) for day, records in sampled.items()]
    return [*polls, *batches]


def stored_by(session: Session, name: str, keys: tuple[str, ...], values: tuple[str, ...]) -> dict[Any, dict[str, Any]]:
    rows = read_table(session, models()[name].table).select(*keys, *values).collect()
    return {
        (row[0] if len(keys) == 1 else tuple(row[: len(keys)])): dict(zip(values, row[len(keys) :], strict=True))
        for row in rows
    }


DAILY = ("hours_watched", "avg_viewers", "peak_viewers", "airtime_minutes", "streams_started")


@unhurried
@given(samples=irregular_samples().filter(lambda samples: len(samples) > 300))
def test_measures_are_what_plain_python_says(bit_by_bit: Session, samples: list[Sample]):
    session, caps = emptied(bit_by_bit), CAPS
    load(session, *files_of(samples))
    build_all(session, ["tag:kafka", "tag:twitch"])
    samples = believed.observed(samples)

    expected = believed.sessions(samples, caps)
    found = stored_by(session, "fact_stream_sessions", ("stream_id",), tuple(next(iter(expected.values()))))
    assert_close(found, expected)
    assert_close(
        stored_by(session, "mart_streamer_daily", ("streamer_id", "date_day"), DAILY),
        believed.daily(samples, caps, "streamer"),
    )
    assert_close(
        stored_by(session, "mart_game_daily", ("game_id", "date_day"), DAILY), believed.daily(samples, caps, "game")
    )
    concurrency = stored_by(
        session, "mart_concurrent_viewers", ("scope", "scope_id", "snapshot_at"), ("viewers", "streams")
    )
    assert {key: tuple(row.values()) for key, row in concurrency.items()} == believed.concurrent(samples)
    days = believed.daily(samples, caps, "streamer")
    for window, length in (("all_time", None), ("last_30_days", 30), ("last_7_days", 7)):
        rows = read_table(session, models()["mart_top_streamers"].table).collect()
        ranked = sorted((r["STREAMER_RANK"], r["HOURS_WATCHED"]) for r in rows if r["RANKING_WINDOW"] == window)
        hours = [hours for _, hours in believed.top(days, length)]
        assert [hours for _, hours in ranked] == pytest.approx(hours)


def assert_close(found: dict[Any, dict[str, Any]], expected: dict[Any, dict[str, Any]]) -> None:
    assert set(found) == set(expected)
    for key, row in expected.items():
        for name, value in row.items():
            assert found[key][name] == (pytest.approx(value) if isinstance(value, float) else value), (key, name)
