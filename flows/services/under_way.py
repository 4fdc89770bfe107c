"""Which runs of a home are under way: each holds a file while it lasts, so that `snowcast down` can name them."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from deployments import process

_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class RunUnderWay:
    """A run that has not ended: its process, its flow or command, and since when."""

    pid: int
    name: str
    started_at: str

    def __str__(self) -> str:
        """The run as a person reads of it."""
        return f"{self.name} (process {self.pid}, since {self.started_at} UTC)"


@contextmanager
def mark_run_under_way(home: Path, name: str) -> Iterator[None]:
    """Count as a run of this home while the block lasts, however the process ends."""
    folder = home / "runs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{os.getpid()}.json"
    if path.exists() and process.is_locked(path):  # a flow inside of a command
        yield
        return
    with path.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(asdict(RunUnderWay(os.getpid(), name, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"))))
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def list_runs_under_way(home: Path) -> list[RunUnderWay]:
    """Return the runs of this home, the oldest first; what dead ones left is taken away."""
    found = []
    for path in (home / "runs").glob("*.json"):
        if not process.is_locked(path):
            path.unlink(missing_ok=True)
            continue
        with suppress(OSError, ValueError, TypeError):  # it has just ended, or not yet written its file
            found.append(RunUnderWay(**json.loads(path.read_text(encoding="utf-8"))))
    return sorted(found, key=lambda run: (run.started_at, run.pid))


@contextmanager
def end_in_order() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does; a command in the background of a script does not hear of Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def end_runs(home: Path, runs: Sequence[RunUnderWay]) -> None:
    """End runs as Ctrl-C does, which rolls back what is not committed; those that do not end are killed."""
    ended = {run.pid for run in runs}
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in ended:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        if process.wait_until(lambda: not ended & {run.pid for run in list_runs_under_way(home)}, _PATIENCE_SECONDS):
            return
