"""Where the resident worker of a home is found, which one may be used, and its start and end."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from deployments import process

ROOT = Path(__file__).resolve().parents[2]
_ROOMS = ("flows", "transforms", "expectations", "deployments")
# Variables that libraries read when they are imported; our own settings are read by each command.
_READ_AT_IMPORT = ("PREFECT_", "GX_", "PYTHON", "LC_", "LANG", "TZ", "DO_NOT_TRACK", "SF_", "SNOWFLAKE_DISABLE")
_LONGEST_PATH = 100  # of a Unix socket, on every system
_STOP_SECONDS = 10.0


def fingerprint(environment: Mapping[str, str]) -> str:
    """Says which code and which variables a process is started with: equal for those that may share a worker."""
    parts = [sys.executable, str(Path(sysconfig.get_paths()["purelib"]).stat().st_mtime_ns)]
    for room in _ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            found = path.stat()
            parts.append(f"{path} {found.st_mtime_ns} {found.st_size}")
    read = {name: value for name, value in environment.items() if name.startswith(_READ_AT_IMPORT)}
    return hashlib.sha256(json.dumps([parts, sorted(read.items())]).encode()).hexdigest()


def stop_resident(home: Path) -> bool:
    """End the worker of a home; returns whether there was one."""
    return Place(home).stop()


@dataclass(frozen=True)
class Resident:
    """A resident worker: its process, and which code and variables it was started with."""

    pid: int
    fingerprint: str


class Place:
    """The folder of a home's resident worker: its socket, its file, the lock that it holds while it lives."""

    def __init__(self, home: Path) -> None:
        self.folder = home.absolute() / "resident"
        self.socket = self.folder / "socket"
        self._file = self.folder / "resident.json"
        self._lock = self.folder / "resident.lock"

    def read(self) -> Resident | None:
        """Return the worker that lives, also while it loads: it inherits the lock, and its children let go of it."""
        return process.read_endpoint(self._file, Resident) if process.is_locked(self._lock) else None

    def is_of(self, wanted: str) -> bool:
        """Whether there is a worker of this fingerprint."""
        found = self.read()
        return found is not None and found.fingerprint == wanted

    def start(self, log: Path, environment: Mapping[str, str]) -> bool:
        """Start a worker of this code and that environment in the background; one of another is replaced.

        Returns:
            Whether there will be one: a home with a very long path has no place for the socket.
        """
        if len(os.fsencode(self.socket)) > _LONGEST_PATH:
            return False
        wanted = fingerprint(environment)
        if self.is_of(wanted):
            return True
        self.stop()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        with (
            suppress(process.LockedError),
            process.hold_lock(self._lock) as lock,
        ):  # else another command is starting one
            self.socket.unlink(missing_ok=True)
            started = process.start_apart(
                ["-m", "flows.cli.resident", str(self.folder.parent), str(lock.fileno())],
                log=log,
                folder=ROOT,
                environment=environment,
                passed=[lock],
            )
            process.write_endpoint(self._file, Resident(started.pid, wanted))
        return True

    def stop(self) -> bool:
        """End the worker; the commands that it has begun go on. Returns whether there was one."""
        found = self.read()
        if found is None:
            return False
        process.end_process(found.pid, lambda: self.read() is None, within=_STOP_SECONDS, signals=(signal.SIGTERM,))
        self._file.unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)
        return True

    @contextmanager
    def listening(self) -> Iterator[socket.socket]:
        """The socket on which the worker of the home takes commands."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            mask = os.umask(0o177)
            listener.bind(str(self.socket))
            os.umask(mask)
            listener.listen()
            yield listener
