"""SEMANTICS §1 on every table of Twitch: however records arrive, the tables end as one build makes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from snowflake.snowpark import Session

from tests.properties.promises import TWITCH, Runs, tell_much, unhurried
from tests.properties.world import arrivals


@pytest.mark.lengthy
@unhurried
@given(runs=arrivals().filter(tell_much))
def test_any_arrival_gives_what_one_build_gives(bit_by_bit: Session, at_once: Session, runs: Runs):
    TWITCH.any_arrival_gives_what_one_build_gives(bit_by_bit, at_once, runs)
