"""The tests of every history, whatever its strategy; a file per strategy names the histories, so that workers share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest
from snowflake.snowpark import Session

from tests.properties import history_stories as stories
from tests.properties.history_checks import assert_believed
from tests.properties.history_tables import Probe
from tests.properties.history_world import World, world


class HistoryPromises:
    """SEMANTICS §3 for hundreds of keys at a time, against an oracle in plain Python.

    All ways of declaring a history take any arrival; half of them, the two strategies each the other's half, are grown
    in order for the other tests.
    """

    histories: ClassVar[list[Probe]] = []
    grown_histories: ClassVar[list[Probe]] = []

    @pytest.fixture(scope="class", autouse=True)
    def _tables(self, bit_by_bit: Session, at_once: Session) -> Iterator[None]:
        with stories.probing(self.histories, bit_by_bit, at_once):
            yield

    @pytest.fixture(scope="class", params=stories.SEEDS)
    def grown(self, _tables: None, at_once: Session, request: pytest.FixtureRequest) -> tuple[Session, World]:
        """A world whose deliveries came in order, most of them; the tests leave its histories as they were."""
        arrived = world(request.param + 1, in_order=True)
        stories.arrival(at_once, self.grown_histories, arrived)
        return at_once, arrived

    @pytest.mark.lengthy
    @pytest.mark.parametrize("seed", stories.SEEDS)
    def test_any_arrival_gives_the_history_of_the_oracle(self, bit_by_bit: Session, seed: int):
        arriving = world(seed)
        stories.arrival(bit_by_bit, self.histories, arriving)
        stories.timeless_are_quarantined(bit_by_bit, self.histories, arriving)

    def test_arrival_in_order_gives_the_history_of_the_oracle(self, grown: tuple[Session, World]):
        session, arrived = grown
        for probe in self.grown_histories:
            assert_believed(session, probe, arrived.files)

    def test_a_past_time_shows_the_one_version_that_held(self, grown: tuple[Session, World]):
        stories.as_ofs(grown[0], self.grown_histories)

    def test_what_is_known_writes_nothing(self, grown: tuple[Session, World]):
        stories.reruns(grown[0], self.grown_histories, grown[1])

    def test_a_rewound_history_is_as_it_was_and_replays_to_the_original(self, grown: tuple[Session, World]):
        stories.rewinds(grown[0], self.grown_histories, grown[1])
