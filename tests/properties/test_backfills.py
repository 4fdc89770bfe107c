"""SEMANTICS §1 on every table of Twitch: backfilled ranges chain, overlap and repeat without a trace."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from snowflake.snowpark import Session

from tests.feeding import minutes
from tests.properties.promises import TWITCH, Runs, tell_much, unhurried
from tests.properties.world import arrivals


@pytest.mark.lengthy
@unhurried
@given(runs=arrivals().filter(tell_much), cut=st.integers(1, 3000))
def test_backfilled_ranges_chain_to_the_same_tables(bit_by_bit: Session, at_once: Session, runs: Runs, cut: int):
    TWITCH.backfilled_ranges_chain_to_the_same_tables(bit_by_bit, at_once, runs, minutes(cut))
