"""SEMANTICS §1 on every table: a build that dies at any step and is tried again leaves no trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snowflake.snowpark import Session

from tests.feeding import LandingFile, build_all, load
from tests.properties.conftest import emptied
from tests.properties.promises import BUILT, assert_accounts_balance, tables, unhurried
from tests.properties.world import arrivals
from transforms import writers
from transforms.batches import stored
from transforms.catalog import models
from transforms.ops import BUILDS, CONSUMPTIONS, DISPLACED, RECONCILIATION

STEPS = ("claim_head", "merge_changes", "keep_displaced", "quarantine", "append_new", "record_consumption")


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
