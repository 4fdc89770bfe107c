"""Feeding a world of streamers and viewers to a warehouse, and its streams beside those of the oracle."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from snowflake.snowpark import Session

from tests.feeding import PARAMETERS, build_all, written
from tests.properties import activity_oracle
from tests.properties.activity_oracle import Rules
from tests.properties.activity_world import POINT_VALUE, RUNS, SPACES, THRESHOLDS, World, make_world
from tests.properties.conftest import emptied
from tests.properties.storing import append, store
from transforms.catalog import models
from transforms.engine.stored import read_table

BUILT = PARAMETERS | {"point_value": POINT_VALUE, "shared_id_spaces": SPACES, "thresholds": THRESHOLDS}
RULES = Rules(THRESHOLDS, SPACES, POINT_VALUE)
STREAMS = {"streamer_activity": activity_oracle.streamer_stream, "viewer_activity": activity_oracle.viewer_stream}


def arrive(session: Session, world: World, run: int) -> None:
    """Let the facts of a run arrive."""
    known = world.after(run)
    for name in world.facts:
        table = models()[name].table
        if name.startswith("stg_"):
            append(session, table, world.arriving(name, run))
        else:
            store(session, table, known[name])


def stream(session: Session, name: str) -> list[tuple[Any, ...]]:
    """A stored stream as the oracle shows it, in a stable order."""
    names = (*("activity_id", "ts", "customer", "anonymous_customer_id", "person", "activity", "feature_json"),)
    numbers = ("revenue_impact", "activity_occurrence", "activity_repeated_at")
    rows = read_table(session, models()[name].table).select(*names, *numbers).collect()
    return ordered([(*row[:6], tuple(sorted(json.loads(row[6]).items())), *row[7:]) for row in rows])


def ordered(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=lambda row: row[0])


def believed(name: str, world: World, run: int, rules: Rules = RULES) -> list[tuple[Any, ...]]:
    """What the oracle says after a run."""
    return ordered([event.shown() for event in STREAMS[name](world.after(run), rules)])


def feed_and_compare(session: Session, seed: int, people: int) -> World:
    world = make_world(Random(seed), people)
    emptied(session)
    for run in range(RUNS):
        arrive(session, world, run)
        build_all(session, ["activity"], parameters=BUILT)
        for name in STREAMS:
            assert stream(session, name) == believed(name, world, run), f"{name} after run {run} of seed {seed}"
    refreshed = build_all(session, ["activity"], mode="full_refresh", parameters=BUILT)
    assert {name: written(result) for name, result in refreshed.items()} == dict.fromkeys(refreshed, (0, 0, 0))
    return world
