"""CPU seconds of commands, beside the connector alone: what a person waits for before a command does anything.

Every command is a process of its own on a prepared home whose warehouse runs; the CPU time is that of the process, so
it does not depend on what else the machine does. The connector alone imports snowflake.connector, logs in and sends
SELECT 1. A build and a validation with nothing to do are measured by themselves and handed to the resident worker of
`snowcast up`: what they then cost is in the worker's child, so their wall time is shown as well.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from rich.table import Table

READING = (
    ("--help",),
    ("sql", "SELECT 1"),
    ("tables",),
    ("status",),
    ("quarantine", "list"),
    ("activity", "list"),
    ("report",),
)
WORKING = (("build", "--select", "dim_date"), ("validate", "--select", "dim_date"))
_PROGRAM = "import snowflake.connector as c; print(c.connect(**{login!r}).cursor().execute('SELECT 1').fetchall())"
FOOTNOTE = "CPU seconds of the process, wall seconds behind the stroke; the connector: import, login and SELECT 1."


def measured(runs: int, environment: Mapping[str, str]) -> Table:
    """Medians of every command, the connector alone in the same rounds.

    Args:
        runs: Rounds; in each, every command runs once.
        environment: Of the commands, without a home.
    """
    with tempfile.TemporaryDirectory() as folder:
        told = {**environment, "SNOWCAST_HOME": str(Path(folder) / "home")}
        by_itself = {**told, "SNOWCAST_RESIDENT": "false"}
        for command in (("status",), *WORKING):
            _run(_snowcast(command), by_itself)
        connector = [sys.executable, "-c", _connector(Path(folder) / "home")]
        alone = {command: _snowcast(command) for command in (*READING, *WORKING)}
        found = _rounds({("the connector alone",): connector, **alone}, by_itself, runs)
        _run(_snowcast(("up",)), told)
        wait_for_the_resident(Path(folder) / "home")
        handed = _rounds({(*command, "(resident)"): _snowcast(command) for command in WORKING}, told, runs)
        _run(_snowcast(("down",)), told)
    return _shown({**found, **handed}, runs)


def _rounds(
    commands: Mapping[tuple[str, ...], Sequence[str]], told: Mapping[str, str], runs: int
) -> dict[tuple[str, ...], tuple[float, float]]:
    taken: dict[tuple[str, ...], list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            taken[name].append(_run(command, told))
    return {name: (median(cpu for cpu, _ in each), median(wall for _, wall in each)) for name, each in taken.items()}


def _run(command: Sequence[str], told: Mapping[str, str]) -> tuple[float, float]:
    """CPU and wall seconds of a process; that of its own children is not in it."""
    began = time.monotonic()
    process = subprocess.Popen(command, env=dict(told), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"bench: {' '.join(command[:6])} ended in {process.returncode}")
    return used.ru_utime + used.ru_stime, time.monotonic() - began


def _snowcast(command: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "flows.cli", *command]


def _connector(home: Path) -> str:
    from flows.settings import load_settings
    from flows.warehouse import connection_parameters

    return _PROGRAM.format(login=connection_parameters(load_settings(home=home)))


def wait_for_the_resident(home: Path) -> None:
    """Wait until the resident worker that `snowcast up` has started takes commands."""
    from flows.services.resident import Place

    deadline = time.monotonic() + 120
    while not Place(home).socket.exists():
        if time.monotonic() > deadline:
            sys.exit("bench: the resident worker did not start")
        time.sleep(0.1)


def _shown(found: Mapping[tuple[str, ...], tuple[float, float]], runs: int) -> Table:
    bare = found["the connector alone",][0]
    table = Table(title=f"Commands: CPU seconds | wall seconds, medians of {runs}; load {os.getloadavg()[0]:.1f}")
    for name in ("command", "connector ×", "CPU | wall"):
        table.add_column(name, justify="left" if name == "command" else "right")
    for command, (cpu, wall) in found.items():
        table.add_row(" ".join(command), f"{cpu / bare:.2f}", f"{cpu:.2f} | {wall:.2f}")
    return table
