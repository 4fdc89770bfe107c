"""SEMANTICS §1 on every table of product events: however records arrive, the tables end as one build makes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from snowflake.snowpark import Session

from tests.properties.amplitude_world import arrivals
from tests.properties.promises import AMPLITUDE, Runs, tell_much, unhurried


@pytest.mark.lengthy
@unhurried
@given(runs=arrivals().filter(tell_much))
def test_any_arrival_gives_what_one_build_gives(bit_by_bit: Session, at_once: Session, runs: Runs):
    AMPLITUDE.any_arrival_gives_what_one_build_gives(bit_by_bit, at_once, runs)
