"""SEMANTICS §1 on every table: backfilled ranges chain, overlap and repeat without a trace."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from snowflake.snowpark import Session

from tests.feeding import T0, LandingFile, build_all, load, minutes, written
from tests.properties.conftest import emptied
from tests.properties.promises import BUILT, assert_accounts_balance, tables, unhurried
from tests.properties.world import arrivals


@unhurried
@given(runs=arrivals(), cut=st.integers(1, 3000))
def test_backfilled_ranges_chain_to_the_same_tables(
    bit_by_bit: Session, at_once: Session, runs: list[list[LandingFile]], cut: int
):
    emptied(bit_by_bit), emptied(at_once)
    files = [file for run in runs for file in run]
    for session in (bit_by_bit, at_once):
        load(session, *files)
    early, late = (T0 - timedelta(days=1), minutes(cut)), (minutes(cut), T0 + timedelta(days=9))
    for window in (late, early, late):
        build_all(bit_by_bit, mode="backfill", window=window)
    build_all(at_once)
    backfilled, whole = tables(bit_by_bit), tables(at_once)
    for name in BUILT:
        assert backfilled[name] == whole[name], f"{name} differs after backfills"
    regular = build_all(bit_by_bit)
    assert {name: written(result) for name, result in regular.items()} == {name: (0, 0, 0) for name in BUILT}
    assert not regular["stg_twitch_streams"].skipped or not any(file.entity == "streams" for file in files)
    assert_accounts_balance(bit_by_bit)
