"""SEMANTICS §3 on histories by timestamp: hundreds of keys at a time, against an oracle in plain Python."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from snowflake.snowpark import Session

from tests.properties import history_stories as stories
from tests.properties.history_checks import assert_believed
from tests.properties.history_oracle import TIMESTAMP
from tests.properties.history_tables import PROBES
from tests.properties.history_world import World, world

HISTORIES = [probe for probe in PROBES if probe.rule.strategy == TIMESTAMP]


@pytest.fixture(scope="module", autouse=True)
def _tables(bit_by_bit: Session, at_once: Session) -> Iterator[None]:
    with stories.probing(HISTORIES, bit_by_bit, at_once):
        yield


@pytest.fixture(scope="module", params=stories.SEEDS)
def grown(_tables: None, at_once: Session, request: pytest.FixtureRequest) -> tuple[Session, World]:
    """A world whose deliveries came in order, most of them; the tests leave its histories as they were."""
    arrived = world(request.param + 1, in_order=True)
    stories.arrival(at_once, HISTORIES, arrived)
    return at_once, arrived


@pytest.mark.parametrize("seed", stories.SEEDS)
def test_any_arrival_gives_the_history_of_the_oracle(bit_by_bit: Session, seed: int):
    stories.arrival(bit_by_bit, HISTORIES, world(seed))
    stories.timeless_are_quarantined(bit_by_bit, HISTORIES, world(seed))


def test_arrival_in_order_gives_the_history_of_the_oracle(grown: tuple[Session, World]):
    session, arrived = grown
    for probe in HISTORIES:
        assert_believed(session, probe, arrived.files)


def test_a_past_time_shows_the_one_version_that_held(grown: tuple[Session, World]):
    stories.as_ofs(grown[0], HISTORIES)


def test_what_is_known_writes_nothing(grown: tuple[Session, World]):
    stories.reruns(grown[0], HISTORIES, grown[1])


def test_a_rewound_history_is_as_it_was_and_replays_to_the_original(grown: tuple[Session, World]):
    stories.rewinds(grown[0], HISTORIES, grown[1])
