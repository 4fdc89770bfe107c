"""SEMANTICS §3 on histories by check: hundreds of keys at a time, against an oracle in plain Python."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from snowflake.snowpark import Session

from tests.properties import history_stories as stories
from tests.properties.history_oracle import CHECK
from tests.properties.history_tables import PROBES

HISTORIES = [probe for probe in PROBES if probe.rule.strategy == CHECK]


@pytest.fixture(scope="module", autouse=True)
def _tables(bit_by_bit: Session, at_once: Session) -> Iterator[None]:
    with stories.probing(HISTORIES, bit_by_bit, at_once):
        yield


@pytest.fixture(scope="module", params=stories.SEEDS)
def built(_tables: None, at_once: Session, request: pytest.FixtureRequest) -> tuple[Session, int]:
    """A world that was built from everything, and its seed; the tests leave the histories as they were."""
    stories.build_at_once(at_once, HISTORIES, request.param)
    return at_once, request.param


@pytest.mark.parametrize("seed", stories.SEEDS)
def test_any_arrival_gives_the_history_of_the_oracle(bit_by_bit: Session, seed: int):
    stories.any_arrival(bit_by_bit, HISTORIES, seed)


def test_a_past_time_shows_the_one_version_that_held(built: tuple[Session, int]):
    stories.as_ofs(built[0], HISTORIES)


def test_what_is_known_writes_nothing(built: tuple[Session, int]):
    stories.reruns(built[0], HISTORIES, built[1])


def test_a_rewound_history_is_as_it_was_and_replays_to_the_original(built: tuple[Session, int]):
    stories.rewinds(built[0], HISTORIES, built[1])
