"""Background processes of a home: started apart from this one, found by a file, kept to one by a lock, and ended.

A server names itself in an endpoint file, which it writes when it answers, and holds the lock of a file for its whole
life. The system lets go of a lock when its holder ends, however that happens, so a lock tells who lives and a file
alone does not. Imports nothing of the project: whatever runs in the background may use it.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import IO, Any, TypeVar

HOST = "127.0.0.1"
POLL_SECONDS = 0.02
LOG_BYTES = 10 * 1024 * 1024
_ROOT = Path(__file__).resolve().parents[1]
Endpoint = TypeVar("Endpoint")


class LockedError(Exception):
    """Another process holds the lock; `holder` is its id, as it has written it into the file."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"process {holder} holds the lock")
        self.holder = holder


class ServerFiles:
    """Where a server of a home keeps what it is found by.

    Attributes:
        root: its folder.
        endpoint: who runs where, and the secrets; mode 0600.
        log: what it says.
        start_lock: held by the client that is starting one.
        server_lock: held by the server as long as it lives.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.endpoint, self.log = root / "endpoint.json", root / "server.log"
        self.start_lock, self.server_lock = root / "start.lock", root / "server.lock"

    def is_free(self) -> bool:
        """Whether no server of this home lives."""
        return not is_locked(self.server_lock)


def start_apart(
    command: Sequence[str], *, log: Path, folder: Path, environment: Mapping[str, str], passed: Sequence[IO[str]] = ()
) -> subprocess.Popen[bytes]:
    """Start a program apart from this process: a session of its own, no terminal, what it prints in a log.

    Args:
        command: What `python` is to run: `-m`, a module and its arguments.
        log: Added to; one that has grown large is put aside first.
        folder: Where it works.
        environment: Its variables; modules of the project are found whatever they say.
        passed: Files that it inherits; with a file goes the lock of it.
    """
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.old"))
    search_path = os.pathsep.join(filter(None, [str(_ROOT), environment.get("PYTHONPATH")]))
    with open_private(log, "a") as output:
        return subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=[file.fileno() for file in passed],
            cwd=folder,
            env={**environment, "PYTHONPATH": search_path},
        )


def end_process(
    pid: int,
    is_gone: Callable[[], bool],
    *,
    within: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGKILL),
    group: bool = False,
) -> bool:
    """End a process, harder where it does not leave; returns whether it is gone.

    Args:
        pid: The process.
        is_gone: Tells whether it has left: its lock is free.
        within: Seconds that it has after each signal.
        signals: What it is sent, one after the other.
        group: Send them to all processes of its group.
    """
    send = os.killpg if group else os.kill
    for number in signals:
        with suppress(ProcessLookupError):
            send(pid, number)
        if wait_until(is_gone, within):
            return True
    return False


def wait_until(is_so: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is so, for some seconds at most; returns whether it is."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


@contextmanager
def hold_lock(path: Path, *, within: float = 0.0) -> Iterator[IO[str]]:
    """Hold the lock of a file during the block; a process that inherits the file goes on holding it.

    Raises:
        LockedError: Another process still holds it after so many seconds.
    """
    with open_private(path, "a+") as file:
        if not wait_until(lambda: _try_lock(file), within):
            raise LockedError(path.read_text(encoding="utf-8").strip())
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield file


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock of a file."""
    try:
        with open_private(path, "a+") as file:
            return not _try_lock(file)
    except OSError:
        return False


def find_port(wanted: int | None = None) -> int:
    """Return a port of this machine that nobody listens at: the wanted one, or any.

    Raises:
        OSError: Another program listens at the wanted one.
    """
    with socket.create_server((HOST, wanted or 0)) as found:
        return int(found.getsockname()[1])


def open_private(path: Path, mode: str) -> IO[str]:
    """Open a file to write, which only its owner can read."""
    return open(path, mode, encoding="utf-8", opener=_open_private)


def write_endpoint(path: Path, endpoint: Any) -> None:
    """Write a dataclass as JSON, whole or not at all, readable by its owner only."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".endpoint-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(endpoint), file)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_endpoint(path: Path, kind: type[Endpoint]) -> Endpoint | None:
    """Return what a file says of a server, as that dataclass; None where there is no such file, or no whole one."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return kind(**{field.name: stored[field.name] for field in fields(kind)})  # type: ignore[arg-type]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def last_line(log: Path) -> str:
    """Return what a program said last, or where to look."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else f"see {log}"


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open_private(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, 0o600)
    os.fchmod(descriptor, 0o600)
    return descriptor
