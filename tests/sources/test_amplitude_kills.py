"""The exporting process killed at every point, with every fault of the Export API: each upload is in RAW once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deployments.sandbox import SandboxServer
from tests.sources.amplitude import NOON, NOW, Account, Warehouse
from tests.sources.amplitude_exporter import POINTS

if TYPE_CHECKING:
    from snowflake.snowpark import Session

ROOT = Path(__file__).resolve().parents[2]
HOURS = 5
SEED = 1_114
# How often an export of that many hours, four at once, comes to a point at least; the events of an hour are many.
LEAST = {"ask": 2, "read": 2, "write": 60, "seal": HOURS, "record": 2, "reveal": HOURS}
FAULTS = {"500": 11, "429": 13, "drop_connection": 17, "truncate_body": 19, "broken_archive": 7, "broken_member": 5}


class Exports:
    """Starts exporting processes one after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, **order: Any) -> int:
        """How an export ended."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@pytest.fixture
def account(sandbox: SandboxServer, session: Session, database: str, warehouse_home: Path, tmp_path: Path) -> Account:
    warehouse = Warehouse(session, database, tmp_path / "landing")
    warehouse.create()
    return Account(sandbox, warehouse, warehouse_home)


@contextmanager
def exporting(account: Account, log: Path) -> Iterator[Exports]:
    project, warehouse = account.project, account.warehouse
    given = {
        "home": str(account.home),
        "database": warehouse.database,
        "root": str(warehouse.root),
        "url": project.url,
        "api_key": project.api_key.get_secret_value(),
        "secret_key": project.secret_key.get_secret_value(),
        "first_hours": HOURS,
    }
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.sources.amplitude_exporter", json.dumps(given)],
            cwd=log.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            yield Exports(process)
        finally:
            process.kill()
            process.wait()


def each_upload_is_there_once(account: Account, log: Path, points: list[tuple[str, bool]]) -> None:
    """Kill an export at each point, each time at hours of its own, and run it again until nothing is left."""
    dice = random.Random(SEED)
    now = NOW
    account.sandbox.inject("shuffled_export", times=None)
    for fault, every in FAULTS.items():
        account.sandbox.inject(fault, path="/amplitude/api/", every=every, times=None)
    with exporting(account, log) as exports:
        for point, after in points:
            account.sandbox.set_clock(now)
            nth = dice.randint(1, LEAST.get(point, 1))
            ended = exports.run(now=now.isoformat(), point=point, nth=nth, after=after)
            assert ended == -signal.SIGKILL, (
                f"seed {SEED}: not killed at {point} {nth}, after: {after}: {log.read_text()[-2000:]}"
            )
            for _ in range(20):
                if exports.run(now=now.isoformat()) == 0 and account.ledger.cursor == now - NOW + NOON:
                    break
            else:
                left = {hour: state for hour, state in account.warehouse.states().items() if state[0] != "landed"}
                pytest.fail(f"20 runs were not enough after {point}, seed {SEED}: {left} {log.read_text()[-2000:]}")
            now += timedelta(hours=HOURS)
    first = NOON - timedelta(hours=HOURS)
    count = HOURS * len(points)
    assert account.warehouse.uuids() == account.uploaded(first, count)
    assert account.ledger.gaps() == []
    states = account.warehouse.states()
    assert {state for state, _ in states.values()} <= {"landed", "empty"}
    assert len({row["hour_at"] for row in account.warehouse.rows("ops.export_hours")}) == count
    assert any(attempts > 1 for _, attempts in states.values()), "nothing was asked for twice"
    fired = {rule["fault"] for rule in account.sandbox.api.faults.as_list() if rule["fired"]}
    assert fired >= {"shuffled_export", "broken_member", "broken_archive"}


def test_a_kill_at_some_points_and_every_fault_leave_each_upload_once(account, tmp_path):
    points = [("write", False), ("record", True), ("reveal", False), ("reveal", True), ("copy", True)]
    each_upload_is_there_once(account, tmp_path / "log", points)


@pytest.mark.long
def test_a_kill_at_every_point_and_every_fault_leave_each_upload_once(account, tmp_path):
    points = [(point, after) for point in POINTS for after in (False, True)]
    each_upload_is_there_once(account, tmp_path / "log", points)


def test_without_the_protection_uploads_come_twice(account, tmp_path):
    """Of the same kill where the ledger is written after the files: what the test above would find."""
    account.sandbox.set_clock(NOW)
    account.sandbox.inject("shuffled_export", times=None)
    order = {"now": NOW.isoformat(), "unprotected": True}
    with exporting(account, tmp_path / "log") as exports:
        assert exports.run(**order, point="reveal", nth=3, after=True) == -signal.SIGKILL
        assert exports.run(**order) == 0
    found, uploaded = account.warehouse.uuids(), account.uploaded(NOON - timedelta(hours=HOURS), HOURS)
    assert set(found) == set(uploaded)
    assert found.total() > uploaded.total()
