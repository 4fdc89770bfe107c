"""Handing a command to the home's resident worker: what a command sends, and what it gets back.

The worker listens on a Unix socket in a folder of mode 0700 in the home, the socket itself 0600: who reaches it could
run the same commands anyway. One started from other code, or with other variables for the libraries, is not used.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import struct
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployments import process

ROOT = Path(__file__).resolve().parents[2]
_ROOMS = ("flows", "transforms", "expectations", "deployments")
# Variables that libraries read when they are imported; our own settings are read by each command.
_READ_AT_IMPORT = ("PREFECT_", "GX_", "PYTHON", "LC_", "LANG", "TZ", "DO_NOT_TRACK", "SF_", "SNOWFLAKE_DISABLE")
_LONGEST_PATH = 100  # of a Unix socket, on every system
_STOP_SECONDS = 10.0
_LEAVING_SECONDS = 0.5  # of one that nobody finds any more, until its process has ended
_LOADING_SECONDS = 60.0
PATIENCE_SECONDS = 5.0
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
GO = b"!"
_LENGTH = struct.Struct("!I")


def fingerprint(environment: Mapping[str, str]) -> str:
    """Says which code and which variables a process is started with: equal for those that may share a worker."""
    parts = [sys.executable, str(Path(sysconfig.get_paths()["purelib"]).stat().st_mtime_ns)]
    for room in _ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            found = path.stat()
            parts.append(f"{path} {found.st_mtime_ns} {found.st_size}")
    read = {name: value for name, value in environment.items() if name.startswith(_READ_AT_IMPORT)}
    return hashlib.sha256(json.dumps([parts, sorted(read.items())]).encode()).hexdigest()


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

    def await_commands(self, wanted: str) -> bool:
        """Wait while a worker of this fingerprint loads: a command would load the same beside it, and both be slower.

        Returns:
            Whether it takes commands.
        """
        until = time.monotonic() + _LOADING_SECONDS
        while self.is_of(wanted) and not self.socket.exists() and time.monotonic() < until:
            time.sleep(0.05)
        return self.socket.exists() and self.is_of(wanted)

    def start(self, log: Path, environment: Mapping[str, str], idle_seconds: float) -> bool:
        """Start a worker of this code and that environment in the background; one of another is replaced.

        It leaves after so long without a command.

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
            process.hold_lock(self._lock, within=_LEAVING_SECONDS) as lock,
        ):  # else another command is starting one
            self.socket.unlink(missing_ok=True)
            started = process.start_apart(
                ["-m", "flows.cli.resident", str(self.folder.parent), str(lock.fileno()), str(idle_seconds)],
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
        self.leave()
        return True

    def leave(self) -> None:
        """Forget the worker: nobody finds it any more."""
        self._file.unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)

    @contextmanager
    def listening(self) -> Iterator[socket.socket]:
        """The socket on which the worker of the home takes commands."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            mask = os.umask(0o177)
            listener.bind(str(self.socket))
            os.umask(mask)
            listener.listen()
            yield listener


def hand_over(home: Path, arguments: Sequence[str]) -> int | None:
    """Let the home's resident worker run the command; returns its exit code, or None where there is none to use."""
    place = Place(home)
    if not place.folder.exists() or not place.await_commands(fingerprint(dict(os.environ))):
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.settimeout(PATIENCE_SECONDS)
            connection.connect(str(place.socket))
            _send_order(connection, arguments)
            child = receive(connection)["pid"]
            connection.sendall(GO)
        except (OSError, ValueError, KeyError):
            return None  # nothing was begun: a child that is not told to go ends
        connection.settimeout(None)
        return _wait_for_child(connection, child)


def _send_order(connection: socket.socket, arguments: Sequence[str]) -> None:
    mask = os.umask(0)
    os.umask(mask)
    order = {
        "arguments": list(arguments),
        "program": sys.argv[0],
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "umask": mask,
        "streams": [[stream.encoding, stream.errors] for stream in (sys.stdin, sys.stdout, sys.stderr)],
    }
    socket.send_fds(connection, [GO], [0, 1, 2])
    send(connection, order)


def _wait_for_child(connection: socket.socket, child: int) -> int:
    """Wait for the child's exit code, passing on the signals that arrive meanwhile."""
    last = signal.SIGKILL

    def pass_on(number: int, _frame: Any) -> None:
        nonlocal last
        last = signal.Signals(number)
        try:
            os.killpg(child, number)
        except ProcessLookupError:
            return

    for number in PASSED_ON:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, pass_on)
    try:
        return int(receive(connection)["code"])
    except (OSError, ValueError, KeyError):
        return 128 + last  # a signal ended it without a word


def send(connection: socket.socket, message: dict[str, Any]) -> None:
    """Send one message."""
    text = json.dumps(message).encode()
    connection.sendall(_LENGTH.pack(len(text)) + text)


def receive(connection: socket.socket) -> dict[str, Any]:
    """Receive one message.

    Raises:
        ConnectionError: The other side has left.
    """
    (length,) = _LENGTH.unpack(_receive_bytes(connection, _LENGTH.size))
    message: dict[str, Any] = json.loads(_receive_bytes(connection, length))
    return message


def _receive_bytes(connection: socket.socket, length: int) -> bytes:
    held = b""
    while len(held) < length:
        part = connection.recv(length - len(held))
        if not part:
            raise ConnectionError("the other side has left")
        held += part
    return held
