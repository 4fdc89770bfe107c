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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flows.settings import change_environment

ROOT = Path(__file__).resolve().parents[1]
_ROOMS = ("flows", "transforms", "expectations", "deployments")
# Variables that libraries read when they are imported; our own settings are read by each command.
_READ_AT_IMPORT = ("PREFECT_", "GX_", "PYTHON", "LC_", "LANG", "TZ", "DO_NOT_TRACK", "SF_", "SNOWFLAKE_DISABLE")
_LONGEST_PATH = 100  # of a Unix socket, on every system
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.05


def fingerprint() -> str:
    """Says which code and which variables a process was started with: equal for those that may share a worker."""
    parts = [sys.executable, str(Path(sysconfig.get_paths()["purelib"]).stat().st_mtime_ns)]
    for room in _ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            found = path.stat()
            parts.append(f"{path} {found.st_mtime_ns} {found.st_size}")
    read = {
        name: value for name, value in change_environment({}, apply=False).items() if name.startswith(_READ_AT_IMPORT)
    }
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

    def start(self, log: Path) -> bool:
        """Start a worker of this code and environment in the background; one of another is replaced.

        Returns:
            Whether there will be one: a home with a very long path has no place for the socket.
        """
        if len(os.fsencode(self.socket)) > _LONGEST_PATH:
            return False
        found, wanted = self.read(), fingerprint()
        if found.get("fingerprint") == wanted:
            return True
        self.stop()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        with log.open("ab") as output:
            subprocess.Popen(
                [sys.executable, "-m", "flows.resident", str(self.folder.parent), wanted],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                cwd=ROOT,
            )
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
    def listening(self, started_as: str) -> Iterator[socket.socket]:
        """The socket, while this process is the worker of the home.

        Args:
            started_as: Fingerprint of the code and variables that it was started with.

        Raises:
            SystemExit: Another one is.
        """
        with self._lock.open("a+") as lock, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            try:
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise SystemExit(0) from None
            self.socket.unlink(missing_ok=True)
            mask = os.umask(0o177)
            listener.bind(str(self.socket))
            self._file.write_text(json.dumps({"pid": os.getpid(), "fingerprint": started_as}), encoding="utf-8")
            os.umask(mask)
            listener.listen()
            yield listener

    def _is_held(self) -> bool:
        """Whether a worker lives: its lock is not inherited by the children that it forks."""
        try:
            with self._lock.open("a+") as lock:
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False
