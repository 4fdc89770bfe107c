"""SEMANTICS §1 on every table of billing: backfilled ranges chain, overlap and repeat without a trace."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, strategies as st
from snowflake.snowpark import Session

from tests.properties.billing_world import DELIVERIES, arrivals
from tests.properties.promises import BILLING, Runs, tell_much, unhurried


@pytest.mark.lengthy
@unhurried
@given(runs=arrivals().filter(tell_much), cut=st.sampled_from(DELIVERIES[1:]))
def test_backfilled_ranges_chain_to_the_same_tables(bit_by_bit: Session, at_once: Session, runs: Runs, cut: datetime):
    BILLING.backfilled_ranges_chain_to_the_same_tables(bit_by_bit, at_once, runs, cut)
