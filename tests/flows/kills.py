"""Commands of the command line and their kills: of the client, the warehouse or the Prefect server, by a seed."""

from __future__ import annotations

import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deployments.embedded import find as find_warehouse
from flows.services import prefect_server
from flows.services.under_way import list_runs_under_way
from flows.settings import load_settings
from flows.warehouse import open_session
from tests.feeding import rows_of
from transforms.catalog import models
from transforms.engine.stored import read_table

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 400
CLIENT, WAREHOUSE, PREFECT = "client", "warehouse", "prefect server"
_STEP = re.compile(r"^[✓!✗·] .*", re.MULTILINE)  # a step's line; when it is seen, the step is over
_ACCOUNT = """
    SELECT table_name, load_id, SUM(raw_rows), SUM(staged_rows), SUM(quarantined_rows), SUM(superseded_rows)
    FROM OPS.RECONCILIATION GROUP BY table_name, load_id ORDER BY table_name, load_id
"""


@dataclass(frozen=True)
class Command:
    """A command with what must have been done before it in a home.

    Args:
        arguments: Of the command.
        before: Commands that are run first, to their end.
        environment: Settings.
    """

    arguments: tuple[str, ...]
    before: tuple[tuple[str, ...], ...]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Killed:
    """How a kill and the command that it hit ended.

    Args:
        phase: The last line that the command had printed when the kill landed; `start` before the first.
        code: Exit code of the command that was hit.
        errors: What it said on standard error.
        out: What it said beside that.
    """

    phase: str
    code: int
    errors: list[str]
    out: str


def start(command: Command, home: Path, out: Path, server: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start a command as a process; its lines go to a file that can be watched."""
    given = {**command.environment, **server, "SNOWCAST_HOME": str(home), "PYTHONPATH": str(ROOT)}
    with out.open("w", encoding="utf-8") as lines:
        return subprocess.Popen(
            [sys.executable, "-m", "flows.cli", *command.arguments],
            stdout=lines,
            stderr=subprocess.PIPE,
            text=True,
            cwd=out.parent,
            env={**os.environ, **given},
        )


def finish(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """Wait for the end of a command; one that hangs fails the test."""
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, errors.strip().splitlines()


def run_to_the_end(command: Command, home: Path, out: Path, server: Mapping[str, str]) -> list[str]:
    """Run a command without harm; returns the lines of its steps."""
    code, errors = finish(start(command, home, out, server))
    assert code == 0, (command.arguments, errors, out.read_text(encoding="utf-8"))
    return _STEP.findall(out.read_text(encoding="utf-8"))


def kill(
    command: Command, target: str, steps: int, seed: str, home: Path, out: Path, server: Mapping[str, str]
) -> Killed:
    """Run a command, and kill what is named between the step that the seed chooses and the next.

    Args:
        command: What is run.
        target: client, warehouse or prefect server.
        steps: How many lines of steps an undisturbed run prints; at least the last one comes after the kill.
        seed: Chooses the step, and the moment behind it.
        home: Of the run.
        out: File for its lines.
        server: Variables of the Prefect server that it uses.
    """
    chance = random.Random(seed)
    after, pause = chance.randrange(steps - 1), chance.random() * 0.2
    process = start(command, home, out, server)
    _wait_until(lambda: bool(list_runs_under_way(home)) and _count_steps(out) >= after, process)
    time.sleep(pause)
    pid = process.pid if target == CLIENT else _find(target, home, process)
    printed = out.read_text(encoding="utf-8")
    assert process.poll() is None, f"seed {seed}: it had ended before the kill: {printed}"
    os.kill(pid, signal.SIGKILL)
    assert " took " not in printed, f"seed {seed}: nothing was left to do"
    if target != CLIENT:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while _is_alive(pid):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    code, errors = finish(process)
    seen = _STEP.findall(printed)
    return Killed(seen[-1].strip() if seen else "start", code, errors, out.read_text(encoding="utf-8"))


def digest(home: Path, names: Sequence[str]) -> dict[str, str]:
    """A hash of the rows of each of these tables, without the times of loads, and of the account of each load."""
    settings = load_settings(home=home)
    found: dict[str, str] = {}
    with open_session(settings) as session:
        for name in names:
            table = models()[name].table
            kept = [c.name for c in table.stored_columns if c.name not in ("_build_id", "_loaded_at")]
            found[name] = _hash(rows_of(read_table(session, table).select(*kept)))
        found["account"] = _hash([tuple(row) for row in session.sql(_ACCOUNT).collect()])
        found["loads"] = _hash(rows_of(session.sql("SELECT load_id, rows_loaded, rows_rejected FROM OPS.LOADS")))
    return found


def copy_home(template: Path, home: Path) -> None:
    """Make a home of what a stopped one holds, its Prefect server left out."""
    for name in ("warehouse", "landing"):
        if (template / name).exists():
            shutil.copytree(template / name, home / name)


def _hash(rows: object) -> str:
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]


def _find(target: str, home: Path, process: subprocess.Popen[str]) -> int:
    found: list[int] = []

    def look() -> bool:
        server = find_warehouse(home) if target == WAREHOUSE else prefect_server.find(home)
        found.extend([server.pid] if server else [])
        return bool(found)

    _wait_until(look, process)
    return found[-1]


def _count_steps(out: Path) -> int:
    return len(_STEP.findall(out.read_text(encoding="utf-8")))


def _is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def _wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
