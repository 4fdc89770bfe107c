"""SEMANTICS §1 on every table: however records arrive, the tables end as one build from everything makes them."""

from __future__ import annotations

from hypothesis import given
from snowflake.snowpark import Session

from tests.feeding import LandingFile, build_all, load, rows_of, written
from tests.properties.conftest import emptied
from tests.properties.promises import BUILT, assert_accounts_balance, tables, unhurried
from tests.properties.world import arrivals
from transforms.batches import stored
from transforms.ops import QUARANTINE


@unhurried
@given(runs=arrivals())
def test_any_arrival_gives_what_one_build_gives(bit_by_bit: Session, at_once: Session, runs: list[list[LandingFile]]):
    emptied(bit_by_bit), emptied(at_once)
    for run in runs:
        load(bit_by_bit, *run)
        build_all(bit_by_bit)
    load(at_once, *[file for run in runs for file in run])
    build_all(at_once)
    grown, whole = tables(bit_by_bit), tables(at_once)
    for name in BUILT:
        assert grown[name] == whole[name], f"{name} depends on how its records arrived"
    assert_accounts_balance(bit_by_bit)
    assert rows_of(stored(bit_by_bit, QUARANTINE).select("quarantine_id", "rule", "reason")) == rows_of(
        stored(at_once, QUARANTINE).select("quarantine_id", "rule", "reason")
    )
    refreshed = build_all(bit_by_bit, mode="full_refresh")
    assert {name: written(result) for name, result in refreshed.items()} == {name: (0, 0, 0) for name in BUILT}
    again = build_all(bit_by_bit)
    assert all(result.skipped for result in again.values())
    assert_accounts_balance(bit_by_bit)
