"""SEMANTICS §1 on every table: however records arrive, the tables end as one build from everything makes them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from snowflake.snowpark import Session

from tests.feeding import T0, LandingFile, build_all, content, load, minutes, rows_of, written
from tests.properties.conftest import emptied
from tests.properties.world import arrivals
from transforms import writers
from transforms.batches import stored
from transforms.catalog import models
from transforms.ops import BUILDS, CONSUMPTIONS, DISPLACED, LOADS, QUARANTINE, RECONCILIATION

BUILT = [name for name, model in models().items() if model.build]
EXAMPLES = int(os.environ.get("SNOWCAST_TEST_EXAMPLES", "3"))
STEPS = ("claim_head", "merge_changes", "keep_displaced", "quarantine", "append_new", "record_consumption")
unhurried = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


class CrashError(Exception):
    """The process dies here."""


@contextmanager
def crash(point: int, *, after: bool) -> Iterator[None]:
    """Die at the n-th step that the writer takes, before or after the step has done its work."""
    steps = iter(range(1_000_000))

    def dying(step: Callable[..., Any]) -> Callable[..., Any]:
        def taken(*arguments: Any, **named: Any) -> Any:
            dies = next(steps) == point
            if dies and not after:
                raise CrashError(step.__name__)
            result = step(*arguments, **named)
            if dies:
                raise CrashError(step.__name__)
            return result

        return taken

    with pytest.MonkeyPatch.context() as patched:
        for name in STEPS:
            patched.setattr(writers, name, dying(getattr(writers, name)))
        yield


def tables(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    return {name: content(session, name) for name in BUILT}


def assert_accounts_balance(session: Session) -> None:
    """For each load: raw = staged + quarantined + superseded, and each of them is what the tables hold."""
    account: dict[tuple[str, str], list[int]] = {}
    for row in stored(session, RECONCILIATION).collect():
        cell = account.setdefault((row["TABLE_NAME"], row["LOAD_ID"]), [0, 0, 0, 0])
        for side, name in enumerate(("RAW_ROWS", "STAGED_ROWS", "QUARANTINED_ROWS", "SUPERSEDED_ROWS")):
            cell[side] += row[name]
    loaded = {row["LOAD_ID"]: row["ROWS_LOADED"] for row in stored(session, LOADS).collect()}
    staged, refused = {}, {}
    for name, model in models().items():
        if model.table.layer == "STAGING":
            for (load_id,) in stored(session, model.table).select("_load_id").collect():
                staged[name, load_id] = staged.get((name, load_id), 0) + 1
    for row in stored(session, QUARANTINE).collect():
        key = (row["TABLE_NAME"], row["LOAD_ID"])
        refused[key] = refused.get(key, 0) + 1
    assert {load_id for _, load_id in account} == set(loaded)
    for key, (raw, kept, quarantined, superseded) in account.items():
        assert raw == kept + quarantined + superseded == loaded[key[1]]
        assert (kept, quarantined) == (staged.get(key, 0), refused.get(key, 0))


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


@unhurried
@given(runs=arrivals(), points=st.lists(st.integers(0, 50), min_size=3, max_size=3), after=st.booleans())
def test_crashes_and_retries_change_nothing(
    bit_by_bit: Session, at_once: Session, runs: list[list[LandingFile]], points: list[int], after: bool
):
    emptied(bit_by_bit), emptied(at_once)
    for run in runs:
        load(bit_by_bit, *run)
        for point in points:
            with crash(point, after=after):
                try:
                    build_all(bit_by_bit)
                except CrashError:
                    assert_no_half_build(bit_by_bit)
            after = not after
        build_all(bit_by_bit)
    load(at_once, *[file for run in runs for file in run])
    build_all(at_once)
    grown, whole = tables(bit_by_bit), tables(at_once)
    for name in BUILT:
        assert grown[name] == whole[name], f"{name} remembers a crash"
    assert_accounts_balance(bit_by_bit)


def assert_no_half_build(session: Session) -> None:
    """Every build that a row or a ledger names is a committed build."""
    builds = {row[0] for row in stored(session, BUILDS).select("build_id").collect()}
    for name in BUILT:
        named = {row[0] for row in stored(session, models()[name].table).select("_build_id").distinct().collect()}
        assert named <= builds, f"{name} holds rows of a build that was not committed"
    for ledger in (CONSUMPTIONS, RECONCILIATION, DISPLACED):
        named = {row[0] for row in stored(session, ledger).select("build_id").distinct().collect()}
        assert named <= builds, f"{ledger.name} names a build that was not committed"


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
