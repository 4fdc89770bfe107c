"""Every fault of the receiver switched on and the publishing process killed again and again: each event once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deployments.sandbox import FAULTS, SandboxServer
from deployments.sandbox.amplitude.checks import is_chosen
from flows.settings import Settings
from tests.publish.conftest import Warehouse, gifts, held_ids

ROOT = Path(__file__).resolve().parents[2]
_EVENTS, _TOO_LARGE = 300, "gift_0150"
_REJECT_ONE_IN, _SILENCE_ONE_IN = 12, 20
_PATIENCE_SECONDS = 120
_NOTHING_LEFT = 0
# Each fault on every so-manieth upload, from the beginning to the end.
_EVERY = {
    "413": 1,
    "reject_events": 1,
    "silence_events": 1,
    "fail_after_taking": 5,
    "drop_after_taking": 6,
    "throttle_events": 7,
    "drop_connection": 9,
    "slow": 10,
    "500": 11,
    "502": 13,
    "503": 17,
    "504": 19,
    "not_json": 23,
    "truncate_body": 29,
    "daily_quota": 67,
    "429_without_headers": 37,
    "forbidden": 97,
    "invalid_key": 131,
}
_ROWS = {
    "413": 8,
    "reject_events": _REJECT_ONE_IN,
    "silence_events": _SILENCE_ONE_IN,
    "throttle_events": 3,
    "daily_quota": 2,
}
# What the receiver can do beside them is about reading Helix.
_OF_OTHER_SOURCES = {
    *("429", "404", "unauthorized", "expired_token", "invalid_client", "ratelimit_zero", "loop_cursor"),
    *("refuse_cursor", "repeat_pages", "miss_rows", "short_page", "empty_page", "empty_listing", "drift"),
    *("missing_ids", "bad_record", "new_field", "missing_field"),
    *("no_access", "changed_header", "new_column", "fewer_rows", "formula_errors", "blank_rows"),
    *("export_too_large", "export_timeout", "broken_archive", "broken_member", "broken_line", "shuffled_export"),
}


class Publisher:
    """Starts publishing processes one after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self) -> int:
        """The process id of a publisher that has just begun."""
        assert self._process.stdin
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return int(self._line())

    def wait(self) -> int:
        """How the publisher ended."""
        return int(self._line().removeprefix("ended "))

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@contextmanager
def publishing(settings: Settings, log: Path) -> Iterator[Publisher]:
    given = {
        "home": str(settings.home),
        "database": settings.database,
        "amplitude_host": settings.amplitude_host,
        "amplitude_api_key": settings.amplitude_api_key.get_secret_value() if settings.amplitude_api_key else None,
        "amplitude_retry_seconds": 0.03,
        "amplitude_project": "project",
        "amplitude_mode": "http",
    }
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.publish.publisher", json.dumps(given)],
            cwd=log.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            yield Publisher(process)
        finally:
            process.kill()
            process.wait()


def switch_on_every_fault(receiver: SandboxServer) -> None:
    assert set(_EVERY) | _OF_OTHER_SOURCES >= set(FAULTS), "a new fault of the receiver belongs into this test"
    for fault, every in _EVERY.items():
        receiver.inject(fault, path="/amplitude/", every=every, times=None, rows=_ROWS.get(fault, 10), seconds=0.02)


def wait_for_uploads(receiver: SandboxServer, count: int, process_id: int) -> None:
    """Return when the receiver has got that many uploads, or the process has none left to make."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while receiver.requests["/amplitude/2/httpapi"] < count and time.monotonic() < deadline:
        if Path(f"/proc/{process_id}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.002)


def each_event_arrives_once(
    warehouse: Warehouse, receiver: SandboxServer, settings: Settings, log: Path, kills: int
) -> None:
    events = gifts(_EVENTS)
    events[150]["feature_json"] = {"note": "x" * 1_100_000}
    warehouse.add("viewer_activity", *events)
    ids = [event["activity_id"] for event in events]
    switch_on_every_fault(receiver)
    dice, killed_at_work = random.Random(20), 0
    with publishing(settings, log) as publisher:
        for _ in range(kills):
            process_id = publisher.start()
            wait_for_uploads(receiver, receiver.requests["/amplitude/2/httpapi"] + dice.randint(0, 9), process_id)
            time.sleep(dice.uniform(0, 0.04))
            os.kill(process_id, signal.SIGKILL)
            killed_at_work += publisher.wait() == -signal.SIGKILL
        for _ in range(30):
            publisher.start()
            if publisher.wait() == _NOTHING_LEFT:
                break
        else:
            pytest.fail(f"30 runs were not enough: {log.read_text()[-2000:]}")
    rejected = {
        one
        for one in ids
        if is_chosen({"insert_id": one}, _REJECT_ONE_IN, "rejected")
        or is_chosen({"insert_id": one}, _SILENCE_ONE_IN, "silenced")
    } | {_TOO_LARGE}
    states = {row[0]: (row[2], row[3]) for row in warehouse.ledger() if row[2] in ("sent", "rejected")}
    assert held_ids(receiver) == sorted(set(ids) - rejected)
    assert {one for one, (status, _) in states.items() if status == "rejected"} == rejected
    assert {one for one, (status, _) in states.items() if status == "sent"} == set(ids) - rejected
    assert all(reason for status, reason in states.values() if status == "rejected")
    assert states[_TOO_LARGE] == ("rejected", "too large for Amplitude: 1,100,123 bytes (413)")
    assert killed_at_work > kills // 2
    assert receiver.amplitude.held.dropped.total() > 0, "nothing was sent again, so nothing was put to the test"
    fired = {rule["fault"] for rule in receiver.api.faults.as_list() if rule["fired"]}
    assert fired == set(_EVERY)
    assert receiver.amplitude.api_key not in log.read_text() + str(warehouse.statement("SELECT * FROM {ledger}"))


def test_five_kills_and_every_fault_leave_each_event_once(warehouse, receiver, settings, tmp_path):
    each_event_arrives_once(warehouse, receiver, settings, tmp_path / "log", kills=5)


@pytest.mark.long
def test_twenty_kills_and_every_fault_leave_each_event_once(warehouse, receiver, settings, tmp_path):
    each_event_arrives_once(warehouse, receiver, settings, tmp_path / "log", kills=20)
