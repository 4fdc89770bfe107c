"""SEMANTICS §1 on every table of live logs: any arrival, crashes and backfills end in the same tables."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, strategies as st
from snowflake.snowpark import Session

from tests.properties.livelogs_world import READS, arrivals
from tests.properties.promises import LIVELOGS, Runs, tell_much, unhurried


@pytest.mark.lengthy
@unhurried
@given(runs=arrivals().filter(tell_much))
def test_any_arrival_gives_what_one_build_gives(bit_by_bit: Session, at_once: Session, runs: Runs):
    LIVELOGS.any_arrival_gives_what_one_build_gives(bit_by_bit, at_once, runs)


@pytest.mark.lengthy
@unhurried
@given(
    runs=arrivals().filter(tell_much), points=st.lists(st.integers(0, 40), min_size=1, max_size=1), after=st.booleans()
)
def test_crashes_and_retries_change_nothing(
    bit_by_bit: Session, at_once: Session, runs: Runs, points: list[int], after: bool
):
    LIVELOGS.crashes_and_retries_change_nothing(bit_by_bit, at_once, runs, points, after=after)


@pytest.mark.lengthy
@unhurried
@given(runs=arrivals().filter(tell_much), cut=st.sampled_from(READS[1:]))
def test_backfilled_ranges_chain_to_the_same_tables(bit_by_bit: Session, at_once: Session, runs: Runs, cut: datetime):
    LIVELOGS.backfilled_ranges_chain_to_the_same_tables(bit_by_bit, at_once, runs, cut)
