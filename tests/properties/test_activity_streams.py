"""SEMANTICS §1 and §4 on the streams: after every run, however facts and links came, they are the oracle's."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

import pytest
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col, lit

from tests.properties.activity_streams import STREAMS, feed_and_compare, stream
from tests.properties.activity_world import DAY_0, THRESHOLDS
from tests.unit.activity.facts import shown
from transforms.activity import int_streamer_risk, int_streamers_at_risk, streamer_activity, viewer_activity
from transforms.activity.definitions import registry
from transforms.activity.definitions.registry import list_known_activities
from transforms.catalog import models
from transforms.engine.stored import read_table

PEOPLE = 24
SHOWN = ("activity", "ts", "activity_id", "person", "feature_json")
LIFECYCLE = {one.name for known in registry.LIFECYCLE.values() for one in known}
AT_RISK = "at_risk_streamer"


@pytest.fixture(scope="module")
def grown(bit_by_bit: Session) -> Session:
    """A session on a world that has arrived in several runs, each compared with the oracle."""
    feed_and_compare(bit_by_bit, seed=1, people=PEOPLE)
    return bit_by_bit


def test_any_arrival_of_facts_and_links_gives_the_streams_of_the_oracle(grown: Session):
    seen = {row[5] for name in STREAMS for row in stream(grown, name)}
    assert seen == set(list_known_activities()), "the world is too tame: some activity never happens in it"


def as_of(session: Session, until: datetime) -> tuple[list[Any], datetime]:
    """The lifecycle of both streams from the events before a time, and up to when every platform's broadcasts go."""

    def events(name: str) -> DataFrame:
        return read_table(session, models()[name].table).filter(col("ts") < lit(until))

    risk = int_streamer_risk.build(events("int_streamer_events"))
    at_risk = int_streamers_at_risk.build(risk)
    built = streamer_activity.build(events("int_streamer_events"), at_risk, thresholds=THRESHOLDS)
    viewers = viewer_activity.build(events("int_viewer_events"), thresholds=THRESHOLDS)
    rows = [row for frame in (built, viewers) for row in lifecycle(frame)]
    newest: dict[str, datetime] = {}
    for platform, at in risk.select("platform", "newest_stream_at").collect():
        newest[platform] = max(at, newest.get(platform, at))
    return rows, min(newest.values())


def lifecycle(frame: DataFrame) -> list[Any]:
    return shown(frame.filter(col("activity").in_(*[lit(name) for name in LIFECYCLE])), *SHOWN)


def test_the_lifecycle_recomputed_on_a_day_is_what_was_emitted_until_then(grown: Session):
    emitted = [row for name in STREAMS for row in lifecycle(read_table(grown, models()[name].table))]
    for day in (4, 9, 14, 20, 27, 34):
        until = DAY_0 + timedelta(days=day)
        recomputed, known_until = as_of(grown, until)
        by_then = [row for row in emitted if row[1] < until]
        assert split(recomputed)[0] == split(by_then)[0], f"up to {until}"
        # Who is at risk is told once every platform's data goes so far: by then no less, and never another.
        at_risk = split(recomputed)[1]
        assert [row for row in at_risk if row in by_then] == at_risk, f"up to {until}"
        assert [row for row in split(by_then)[1] if row[1] <= known_until and row not in at_risk] == []


def split(rows: list[Any]) -> tuple[list[Any], list[Any]]:
    """Lifecycle rows that events make, and those that time makes; each in order."""
    in_order = sorted(rows, key=lambda row: row[:3])
    return [row for row in in_order if row[0] != AT_RISK], [row for row in in_order if row[0] == AT_RISK]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 2 + int(os.environ.get("SNOWCAST_TEST_EXAMPLES", "10"))))
def test_many_worlds(bit_by_bit: Session, seed: int):
    feed_and_compare(bit_by_bit, seed, people=8 + seed)
