"""What the promises of SEMANTICS §1 are, for the tables of any source: each is a function that a test calls.

A test gives the arrivals of its source's world and the tables to build; the promise feeds two databases and compares.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from snowflake.snowpark import Session

from tests.feeding import LandingFile, build_all, content, load, rows_of, written
from tests.properties.conftest import emptied
from transforms.catalog import models, select_models
from transforms.engine import ledgers, merge
from transforms.engine.stored import read_table
from transforms.ops import BUILDS, CONSUMPTIONS, DISPLACED, LOADS, QUARANTINE, RECONCILIATION
from transforms.scd2 import build as histories

EXAMPLES = int(os.environ.get("SNOWCAST_TEST_EXAMPLES", "1"))
MEETINGS = 2
unhurried = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
        HealthCheck.filter_too_much,
    ],
)
STEPS = (
    *[(merge, name) for name in ("merge_changes", "record_moved_groups", "quarantine")],
    (histories, "check_versions"),
    (ledgers, "send_together"),
)
Runs = Sequence[Sequence[LandingFile]]


def tell_much(runs: Runs) -> bool:
    """Whether arrivals hold what the promises are about; asked for a single example, which else is the simplest.

    There are several runs and entities, a file that comes again, records that meet, and a file that is older than one
    of an earlier run.
    """
    files = [file for run in runs for file in run]
    once = [(file.entity, file.snapshot_at) for file in files if not file.path.endswith("_copy")]
    return EXAMPLES > 1 or (
        len(runs) > 1
        and len({entity for entity, _ in once}) >= 3
        and len(once) < len(files)
        and _count_meetings(runs) >= MEETINGS
        and max(file.snapshot_at for file in runs[0]) > min(file.snapshot_at for file in runs[-1])
    )


def _count_meetings(runs: Runs) -> int:
    """Records of one name and time that say equally much and not the same, in files of different runs."""
    met: dict[Any, dict[str, int]] = {}
    for number, run in enumerate(runs):
        for file in run:
            for record in file.records:
                filled = sum(value not in (None, "") for value in record.values())
                place = (file.entity, file.snapshot_at, str(next(iter(record.values()))), filled)
                met.setdefault(place, {})[json.dumps(record, sort_keys=True)] = number
    return sum(len(set(said.values())) > 1 for said in met.values())


class CrashError(Exception):
    """The process dies here."""


class Promises:
    """The promises, on the tables of one source.

    Args:
        selectors: The tables, as the catalog selects them.
    """

    def __init__(self, *selectors: str) -> None:
        self.selectors = selectors

    @property
    def built(self) -> list[str]:
        return [model.table.name for model in select_models(self.selectors) if model.build]

    def build(self, session: Session, **how: Any) -> dict[str, Any]:
        return build_all(session, self.selectors, **how)

    def any_arrival_gives_what_one_build_gives(self, bit_by_bit: Session, at_once: Session, runs: Runs) -> None:
        emptied(bit_by_bit), emptied(at_once)
        for run in runs:
            load(bit_by_bit, *run)
            self.build(bit_by_bit)
        load(at_once, *[file for run in runs for file in run])
        self.build(at_once)
        self.assert_same(bit_by_bit, at_once, "depends on how its records arrived")
        assert_accounts_balance(bit_by_bit)
        assert rows_of(read_table(bit_by_bit, QUARANTINE).select("quarantine_id", "rule", "reason")) == rows_of(
            read_table(at_once, QUARANTINE).select("quarantine_id", "rule", "reason")
        )
        refreshed = self.build(bit_by_bit, mode="full_refresh")
        assert {name: written(result) for name, result in refreshed.items()} == dict.fromkeys(self.built, (0, 0, 0))
        again = self.build(bit_by_bit)
        assert all(result.skipped for result in again.values())
        assert_accounts_balance(bit_by_bit)

    def crashes_and_retries_change_nothing(
        self, bit_by_bit: Session, at_once: Session, runs: Runs, points: Sequence[int], *, after: bool
    ) -> None:
        emptied(bit_by_bit), emptied(at_once)
        for run in runs:
            load(bit_by_bit, *run)
            for point in points:
                with crash(point, after=after):
                    try:
                        self.build(bit_by_bit)
                    except CrashError:
                        self.assert_no_half_build(bit_by_bit)
                after = not after
            self.build(bit_by_bit)
        load(at_once, *[file for run in runs for file in run])
        self.build(at_once)
        self.assert_same(bit_by_bit, at_once, "remembers a crash")
        assert_accounts_balance(bit_by_bit)

    def backfilled_ranges_chain_to_the_same_tables(
        self, bit_by_bit: Session, at_once: Session, runs: Runs, cut: datetime
    ) -> None:
        emptied(bit_by_bit), emptied(at_once)
        files = [file for run in runs for file in run]
        for session in (bit_by_bit, at_once):
            load(session, *files)
        times = [cut, *[file.snapshot_at for file in files]]
        early, late = (min(times) - timedelta(days=1), cut), (cut, max(times) + timedelta(days=1))
        for window in (late, early, late):
            self.build(bit_by_bit, mode="backfill", window=window)
        self.build(at_once)
        self.assert_same(bit_by_bit, at_once, "differs after backfills")
        regular = self.build(bit_by_bit)
        assert {name: written(result) for name, result in regular.items()} == dict.fromkeys(self.built, (0, 0, 0))
        staged = {model.table.name for model in select_models(["staging"]) if arrived(model.inputs, files)}
        assert not any(result.skipped for name, result in regular.items() if name in staged), "a backfill consumed"
        assert_accounts_balance(bit_by_bit)

    def assert_same(self, bit_by_bit: Session, at_once: Session, fault: str) -> None:
        for name in self.built:
            assert content(bit_by_bit, name) == content(at_once, name), f"{name} {fault}"

    def assert_no_half_build(self, session: Session) -> None:
        """Every build that a row or a ledger names is a committed build."""
        builds = {row[0] for row in read_table(session, BUILDS).select("build_id").collect()}
        for name in self.built:
            named = {
                row[0] for row in read_table(session, models()[name].table).select("_build_id").distinct().collect()
            }
            assert named <= builds, f"{name} holds rows of a build that was not committed"
        for ledger in (CONSUMPTIONS, RECONCILIATION, DISPLACED):
            named = {row[0] for row in read_table(session, ledger).select("build_id").distinct().collect()}
            assert named <= builds, f"{ledger.name} names a build that was not committed"


TWITCH = Promises("tag:twitch", "tag:kafka", "tag:calendar")
BILLING = Promises("tag:billing")
LIVELOGS = Promises("tag:livelogs")
AMPLITUDE = Promises("tag:amplitude", "int_identities", "int_viewer_events", "viewer_activity")


def arrived(raw_tables: Sequence[str], files: Sequence[LandingFile]) -> bool:
    """Whether one of the files goes into one of the raw tables."""
    return bool({file.table.name for file in files} & set(raw_tables))


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
        for module, name in STEPS:
            patched.setattr(module, name, dying(getattr(module, name)))
        yield


def assert_accounts_balance(session: Session) -> None:
    """For each load: raw = staged + quarantined + superseded, and each of them is what the tables hold."""
    account: dict[tuple[str, str], list[int]] = {}
    for row in read_table(session, RECONCILIATION).collect():
        cell = account.setdefault((row["TABLE_NAME"], row["LOAD_ID"]), [0, 0, 0, 0])
        for side, name in enumerate(("RAW_ROWS", "STAGED_ROWS", "QUARANTINED_ROWS", "SUPERSEDED_ROWS")):
            cell[side] += row[name]
    loaded = {row["LOAD_ID"]: row["ROWS_LOADED"] for row in read_table(session, LOADS).collect()}
    staged, refused = {}, {}
    for name, model in models().items():
        if model.table.layer == "STAGING":
            for (load_id,) in read_table(session, model.table).select("_load_id").collect():
                staged[name, load_id] = staged.get((name, load_id), 0) + 1
    for row in read_table(session, QUARANTINE).collect():
        key = (row["TABLE_NAME"], row["LOAD_ID"])
        refused[key] = refused.get(key, 0) + 1
    assert {load_id for _, load_id in account} == set(loaded)
    for key, (raw, kept, quarantined, superseded) in account.items():
        assert raw == kept + quarantined + superseded == loaded[key[1]]
        assert (kept, quarantined) == (staged.get(key, 0), refused.get(key, 0))
