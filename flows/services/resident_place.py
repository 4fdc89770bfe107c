"""Where the resident worker of a home is found, which one may be used, and its start and end."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
_ROOMS = ("flows", "transforms", "expectations", "deployments")
# Variables that libraries read when they are imported; our own settings are read by each command.
_READ_AT_IMPORT = ("PREFECT_", "GX_", "PYTHON", "LC_", "LANG", "TZ", "DO_NOT_TRACK", "SF_", "SNOWFLAKE_DISABLE")
_LONGEST_PATH = 100  # of a Unix socket, on every system
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.05


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


class Place:
    """The folder of a home's resident worker: its socket, its file, the lock that it holds while it lives."""

    def __init__(self, home: Path) -> None:
        self.folder = home.absolute() / "resident"
        self.socket = self.folder / "socket"
        self._file = self.folder / "resident.json"
        self._lock = self.folder / "resident.lock"

    def read(self) -> dict[str, Any]:
        """Process and fingerprint of the worker; empty where there is none."""
        try:
            found: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if self._is_held() else {}

    def start(self, log: Path, environment: Mapping[str, str]) -> bool:
        """Start a worker of this code and that environment in the background; one of another is replaced.

        Returns:
            Whether there will be one: a home with a very long path has no place for the socket.
        """
        if len(os.fsencode(self.socket)) > _LONGEST_PATH:
            return False
        wanted = fingerprint(environment)
        if self.read().get("fingerprint") == wanted:
            return True
        self.stop()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        with self._lock.open("a+") as lock, log.open("ab") as output:
            if not _acquired(lock):
                return True  # another command is starting one
            self.socket.unlink(missing_ok=True)
            process = subprocess.Popen(
                [sys.executable, "-m", "flows.services.resident", str(self.folder.parent), str(lock.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=(lock.fileno(),),
                cwd=ROOT,
                env=dict(environment),
            )
            self._file.touch(mode=0o600)
            self._file.write_text(json.dumps({"pid": process.pid, "fingerprint": wanted}), encoding="utf-8")
        return True

    def stop(self) -> bool:
        """End the worker; the commands that it has begun go on. Returns whether there was one."""
        pid = self.read().get("pid")
        if pid is None:
            return False
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while self._is_held() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
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

    def _is_held(self) -> bool:
        """Whether a worker lives, also while it loads: it inherits the lock, and the children that it forks let go."""
        try:
            with self._lock.open("a+") as lock:
                return not _acquired(lock)
        except OSError:
            return False


def _acquired(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
