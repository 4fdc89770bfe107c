"""Events whose facts arrive, change and leave table by table: after every run they are what a full build gives."""

from __future__ import annotations

import os
from random import Random
from typing import Any

import pytest
from snowflake.snowpark import Session

from tests.feeding import content, rows_of
from tests.properties.activity_streams import BUILT
from tests.properties.activity_world import World, make_world
from tests.properties.conftest import emptied
from tests.properties.storing import append, store
from transforms.activity.definitions import streamer
from transforms.activity.definitions.events import split_parts
from transforms.build import build_table
from transforms.catalog import models
from transforms.engine.stored import read_table

BETWEEN = ("int_identities", "int_stream_ends", "int_subscription_moments")
EVENTS = ("int_streamer_events", "int_viewer_events")
HISTORIES = {"channel_history": "streamer_id", "subscriptions_history_check": "subscription_id"}
RUNS, PEOPLE = 7, 5


def change(session: Session, dice: Random, world: World, known: dict[str, list[Any]], table: str) -> None:
    """Let rows of a table arrive; seldom let others be corrected or leave."""
    facts = world.facts[table]
    new = facts[len(known[table]) :][: dice.randrange(1, 5)]
    if table in HISTORIES:  # all versions of a key are known at once
        rest = facts[len(known[table]) :]
        new = [fact for fact in rest if fact[1][HISTORIES[table]] == rest[0][1][HISTORIES[table]]]
        known[table] += [last for _, _, _, last in new]
        store(session, models()[table].table, known[table])
        return
    if table.startswith("stg_"):
        append(session, models()[table].table, [last for _, _, _, last in new])
        known[table] += [last for _, _, _, last in new]
        return
    known[table] += [first for _, first, _, _ in new]
    if dice.random() < 0.25:
        place = dice.randrange(len(known[table]))
        known[table][place] = facts[place][3]
    gone = {dice.randrange(len(known[table]))} if dice.random() < 0.15 else set()
    rows = [row for place, row in enumerate(known[table]) if place not in gone]
    store(session, models()[table].table, rows)


def follow(session: Session, seed: int) -> None:
    dice = Random(seed)
    world = make_world(dice, PEOPLE)
    known: dict[str, list[Any]] = {table: [] for table in world.facts}
    for run in range(RUNS):
        for table in dice.sample(sorted(world.facts), dice.choice((1, 2, 3))) if run else world.facts:
            change(session, dice, world, known, table)
        for name in (*BETWEEN, *EVENTS):
            build_table(session, name, run_id="r", parameters=BUILT)
        for name in EVENTS:
            model = models()[name]
            inputs = [read_table(session, models()[one].table) for one in model.inputs]
            assert model.build is not None
            whole = model.build(*inputs, **{one: BUILT[one] for one in model.parameters})
            good = whole.filter(whole["_rule"].is_null()).select(*model.table.column_names)
            assert content(session, name) == rows_of(good), f"{name} after run {run} of seed {seed}"


def test_facts_that_arrive_table_by_table_give_the_events_of_a_full_build(bit_by_bit: Session):
    follow(emptied(bit_by_bit), seed=1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 2 + int(os.environ.get("SNOWCAST_TEST_EXAMPLES", "10"))))
def test_many_arrivals_table_by_table(bit_by_bit: Session, seed: int):
    follow(emptied(bit_by_bit), seed)


def test_every_activity_is_of_one_part_which_reads_what_it_reads():
    parts = {part.values: (part.inputs, part.is_row_wise) for part in split_parts(streamer.ACTIVITIES).parts}
    assert parts == {
        ("changed_category", "changed_title"): (("channel_history",), False),
        ("gift_received",): (("fact_gifts",), True),
        ("stream_ended", "stream_started", "went_live"): (
            ("fact_live_streams", "fact_stream_sessions", "int_stream_ends"),
            False,
        ),
    }
