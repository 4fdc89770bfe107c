"""SEMANTICS §1 on every table of product events: a build that dies at any step and is tried again leaves no trace."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from snowflake.snowpark import Session

from tests.properties.amplitude_world import arrivals
from tests.properties.promises import AMPLITUDE, Runs, tell_much, unhurried


@pytest.mark.lengthy
@unhurried
@given(
    runs=arrivals().filter(tell_much), points=st.lists(st.integers(0, 60), min_size=2, max_size=2), after=st.booleans()
)
def test_crashes_and_retries_change_nothing(
    bit_by_bit: Session, at_once: Session, runs: Runs, points: list[int], after: bool
):
    AMPLITUDE.crashes_and_retries_change_nothing(bit_by_bit, at_once, runs, points, after=after)
