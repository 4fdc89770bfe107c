"""A process killed at each point of the way: the message comes once at most, and the ledger says what is not known."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.alerts.alerter import POINTS
from tests.alerts.conftest import NOW, Warehouse
from tests.alerts.receiver import Receiver

ROOT = Path(__file__).resolve().parents[2]
_UNKNOWN = [("spike", 0, "decided"), ("spike", 1, "pending")]
_SENT = [*_UNKNOWN, ("spike", 1, "sent")]
# What the ledger holds after a kill at the point and two runs behind it, and whether the message is in the channel.
EXPECTED = {
    "before it is decided": (_SENT, True),
    "when it is decided": (_SENT, True),
    "when it is claimed": (_UNKNOWN, False),
    "when it is sent": (_UNKNOWN, True),
    "before it is recorded": (_UNKNOWN, True),
    "when it is recorded": (_SENT, True),
}


@contextmanager
def alerting(warehouse: Warehouse, receiver: Receiver, log: Path) -> Iterator[Callable[[str], int]]:
    """Runs a process that dies at a point, and returns how it ended."""
    given = {"home": str(warehouse.home), "database": warehouse.database, "slack_webhook_url": receiver.url}
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.alerts.alerter", json.dumps([given, NOW.isoformat()])],
            cwd=log.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        assert process.stdin
        assert process.stdout
        stdin, stdout = process.stdin, process.stdout

        def run(point: str) -> int:
            stdin.write(f"{point}\n")
            stdin.flush()
            return int(stdout.readline())

        try:
            yield run
        finally:
            process.kill()
            process.wait()


def test_a_kill_anywhere_gives_one_message_at_most(warehouse: Warehouse, receiver: Receiver, tmp_path: Path):
    assert {*EXPECTED, "nowhere"} == set(POINTS)
    with alerting(warehouse, receiver, tmp_path / "log") as run:
        for number, (point, (states, is_in_channel)) in enumerate(EXPECTED.items()):
            warehouse.session.sql(f"DELETE FROM {warehouse.database}.OPS.ALERTS").collect()
            warehouse.session.sql(f"DELETE FROM {warehouse.database}.MARTS.MART_VIEWER_SPIKES").collect()
            receiver.texts.clear()
            warehouse.spike(f"s{number}", 3)
            ended = [run(point), run("nowhere"), run("nowhere")]
            assert ended == [-signal.SIGKILL, 0, 0], (point, (tmp_path / "log").read_text())
            assert (warehouse.states(), len(receiver.texts)) == (states, int(is_in_channel)), point


def test_without_the_claim_a_kill_repeats_the_message(
    warehouse: Warehouse, receiver: Receiver, settings, monkeypatch: pytest.MonkeyPatch
):
    """The protection taken away: nothing is written down before the message, so the next run sends it again."""
    from flows.publish_to.slack.ledger import AlertLedger
    from tests.alerts.conftest import telling

    warehouse.spike("a", 3)
    monkeypatch.setattr(AlertLedger, "claim", lambda *_: "unclaimed")
    monkeypatch.setattr(AlertLedger, "record", lambda *_: None)  # where the process dies
    telling(warehouse, settings), telling(warehouse, settings)
    assert len(receiver.texts) == 2
