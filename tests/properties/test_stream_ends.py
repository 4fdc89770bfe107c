"""Streams that go on at their ends: after every run, whatever came late, left or changed, they are a full build's."""

from __future__ import annotations

import os
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col, count_distinct

from tests.feeding import PARAMETERS, content, frame_of, rows_of
from tests.properties.activity_world import DAY_0
from tests.properties.conftest import emptied
from tests.properties.storing import store
from tests.unit.activity.facts import event
from transforms.activity import streamer_activity, viewer_activity
from transforms.activity.definitions.activity import Thresholds
from transforms.activity.definitions.events import validate_events
from transforms.build import build_table
from transforms.catalog import models
from transforms.engine import continue_groups
from transforms.engine.batches import read_state
from transforms.engine.incremental import Computed
from transforms.engine.stored import read_table
from transforms.engine.write import Build, write_built

THRESHOLDS = Thresholds(popular_gifts=4, super_fan_gifts=3, activation_viewers=50, popular_viewers=400)
RUNS, PEOPLE = 10, 6
STREAMS = {"viewer_activity": viewer_activity, "streamer_activity": streamer_activity}
Rows = dict[str, dict[str, Any]]


def put(session: Session, name: str, rows: Rows) -> None:
    """Make a table of events hold exactly these, as a build that found the differences."""
    table = models()[name].table
    state = read_state(session, models()[name], {})
    build = Build(table, uuid.uuid4().hex, "run", "incremental", "{}", time.monotonic(), state)
    frame = table.select(validate_events(frame_of(session, table, rows.values()).drop("_build_id")))
    write_built(session, build, Computed(frame, read_table(session, table), is_whole_truth=True, consumes=False))


def some_event(dice: Random, stream: str, number: str, hour: int) -> dict[str, Any]:
    at, person = DAY_0 + timedelta(hours=hour), f"livelogs:P{dice.randrange(PEOPLE)}"
    taken = {"is_cancelled": dice.random() < 0.2}
    if stream == "viewer_activity":
        if dice.random() < 0.3:
            return event("watched", person, number, at, hours_watched=1.0)
        gift = {"streamer_id": dice.choice("AB"), "gift_transaction_id": number, "is_anonymous": dice.random() < 0.1}
        return event("gift_sent", person, number, at, **gift, **taken)
    if dice.random() < 0.5:
        return event("gift_received", person, number, at, stream_id="L0", **taken)
    ended = {"max_viewers": dice.choice((1, 400)), "unique_viewers": dice.choice((None, 50)), "duration_seconds": 9}
    if dice.random() < 0.5:
        return event("stream_ended", person, number, at, stream_id=number, **ended)
    return event("stream_started", person, number, at, stream_id=number)


def arrivals(dice: Random, stream: str) -> Iterator[Rows]:
    """The events after each run: most are new and not earlier than any before, a few come late, change or leave."""
    rows: Rows = {}
    for run in range(RUNS):
        for number in range(dice.randrange(2, 8)):
            new = some_event(dice, stream, f"{dice.randrange(16):x}/{run}/{number}", 4 * run + dice.randrange(5))
            rows[new["activity_id"]] = new
        for kind in dice.sample(("late", "changed", "moved", "redated", "gone"), dice.choice((0, 1, 1, 2))):
            chosen = dice.choice(sorted(rows))
            again = some_event(dice, stream, chosen, dice.randrange(4 * run + 4))
            if kind == "late":
                late = some_event(dice, stream, f"late/{run}", dice.randrange(4 * run + 1))
                rows[late["activity_id"]] = late
            elif kind == "gone":
                del rows[chosen]
            elif kind == "moved":
                rows[chosen] |= {"person": again["person"], "customer": again["person"]}
            elif kind == "redated":
                rows[chosen] |= {"ts": again["ts"] + timedelta(hours=dice.choice((0, 8)))}
            elif again["activity"] == rows[chosen]["activity"]:
                rows[chosen] |= {"feature_json": again["feature_json"]}
        yield {key: dict(row) for key, row in rows.items()}


def at_risk(dice: Random, before: Rows, run: int) -> Rows:
    """Streamers at risk after a run: more, and seldom fewer or others."""
    after = dict(before)
    moment = {"known_until": DAY_0, "reason": "streams", "streams": 1, "streams_before": 3}
    viewers = {"unique_viewers": dice.randrange(3), "unique_viewers_before": 0}
    if dice.random() < 0.4:
        person = f"livelogs:P{dice.randrange(PEOPLE)}"
        after[person] = {"person": person, "at_risk_at": DAY_0 + timedelta(hours=4 * run), **moment, **viewers}
    if dice.random() < 0.1 and after:
        del after[dice.choice(sorted(after))]
    return after


def follow(session: Session, stream: str, seed: int) -> None:
    """Let events arrive run by run, and compare each time."""
    dice = Random(seed)
    source, (table, *others) = STREAMS[stream], models()[stream].inputs
    risks: Rows = {}
    for run, rows in enumerate(arrivals(dice, stream)):
        put(session, table, rows)
        if others:
            risks = at_risk(dice, risks, run)
            store(session, models()[others[0]].table, risks.values())
        if dice.random() < 0.3:  # several runs of the facts are consumed at once
            continue
        build_table(session, stream, run_id="r", parameters=PARAMETERS | {"thresholds": THRESHOLDS})
        whole = source.build(
            *[read_table(session, models()[name].table) for name in (table, *others)], thresholds=THRESHOLDS
        )
        assert content(session, stream) == rows_of(whole), f"{stream} after run {run} of seed {seed}"


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How many persons were continued (0) and recomputed (1)."""
    seen: Counter[int] = Counter()
    chosen = continue_groups._compute

    def counted(model: Any, state: Any, inputs: Any, current: Any, moved: DataFrame, parameters: Any) -> Computed:
        per_way = moved.group_by("_is_late").agg(count_distinct(col("person")).alias("persons")).collect()
        seen.update({int(way): int(persons) for way, persons in per_way})
        return chosen(model, state, inputs, current, moved, parameters)

    monkeypatch.setattr(continue_groups, "_compute", counted)
    return seen


@pytest.mark.parametrize("stream", STREAMS)
def test_a_stream_goes_on_at_its_ends_as_a_full_build_would(bit_by_bit: Session, ways: Counter[int], stream: str):
    emptied(bit_by_bit)
    follow(bit_by_bit, stream, seed=1)
    assert min(ways[0], ways[1]) >= 3, f"both ways must be gone, or nothing is shown: {ways}"


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 2 + int(os.environ.get("SNOWCAST_TEST_EXAMPLES", "10"))))
@pytest.mark.parametrize("stream", STREAMS)
def test_many_streams_go_on(bit_by_bit: Session, stream: str, seed: int):
    emptied(bit_by_bit)
    follow(bit_by_bit, stream, seed)
