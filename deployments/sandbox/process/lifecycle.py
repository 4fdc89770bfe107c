"""Find, start and stop the one sandbox of a SNOWCAST_HOME.

It is found through `<home>/sandbox/endpoint.json`. Two locks keep it to one: `start.lock` lets one client at a time
start a process, `server.lock` is held by the process for its whole life.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from deployments.sandbox.process.endpoint import SandboxEndpoint, SandboxError
from deployments.sandbox.process.settings import SandboxSettings

_PAUSE: Final = 0.02
_STOP_TIMEOUT: Final = 10.0


@dataclass(frozen=True)
class SandboxPaths:
    """Where the sandbox of a home keeps its files."""

    root: Path

    @classmethod
    def of(cls, home: Path) -> SandboxPaths:
        """The paths under a SNOWCAST_HOME."""
        return cls(Path(home).expanduser().resolve() / "sandbox")

    @property
    def endpoint(self) -> Path:
        """Who runs where, and the secrets."""
        return self.root / "endpoint.json"

    @property
    def clock(self) -> Path:
        """Where the simulated time stood last."""
        return self.root / "clock.json"

    @property
    def log(self) -> Path:
        """What the process says."""
        return self.root / "server.log"


def ensure_running(home: Path, *, timeout: float = 30, **settings: Any) -> SandboxEndpoint:
    """The running sandbox of this home, started in the background if there is none.

    Args:
        home: SNOWCAST_HOME.
        timeout: seconds to wait for it.
        settings: fields of SandboxSettings. A sandbox that runs with other values of the named ones is replaced.

    Returns:
        The sandbox that answered.

    Raises:
        SandboxError: the home cannot be written, or the process did not come up.
        ValueError: an unknown setting.
    """
    wanted = SandboxSettings.of(**settings)
    if endpoint := _fitting(home, wanted, settings):
        return endpoint
    paths = SandboxPaths.of(home)
    try:
        paths.root.mkdir(parents=True, exist_ok=True)
        lock = (paths.root / "start.lock").open("a+")
    except OSError as error:
        raise SandboxError(
            f"cannot write the sandbox's folder {paths.root} ({error.strerror}): check its owner and free space, "
            "or set SNOWCAST_HOME to a folder you can write"
        ) from error
    deadline = time.monotonic() + timeout
    with lock, _locked(lock, deadline, paths):
        if endpoint := _fitting(home, wanted, settings):
            return endpoint
        stop(home)
        return _start(paths, wanted, deadline)


def find(home: Path) -> SandboxEndpoint | None:
    """The running sandbox of this home, or None; a stale endpoint file counts as none."""
    endpoint = SandboxEndpoint.read(SandboxPaths.of(home).endpoint)
    if endpoint is None:
        return None
    try:
        return endpoint if endpoint.control("GET", "about").get("pid") == endpoint.pid else None
    except SandboxError:
        return None


def stop(home: Path) -> bool:
    """Stop the sandbox of this home.

    Returns:
        Whether there was one to stop.
    """
    endpoint = find(home)
    if endpoint is None:
        return False
    paths = SandboxPaths.of(home)
    with contextlib.suppress(SandboxError):
        endpoint.control("POST", "stop")
    if not _wait_until_released(paths, _STOP_TIMEOUT):
        with contextlib.suppress(ProcessLookupError):
            os.kill(endpoint.pid, signal.SIGKILL)
        _wait_until_released(paths, _STOP_TIMEOUT)
    return True


def _fitting(home: Path, wanted: SandboxSettings, named: dict[str, Any]) -> SandboxEndpoint | None:
    """The running sandbox, if it has the settings that the caller named."""
    endpoint = find(home)
    if endpoint is None:
        return None
    values = wanted.as_dict()
    return endpoint if all(endpoint.settings.get(name) == values[name] for name in named) else None


@contextlib.contextmanager
def _locked(lock: IO[str], deadline: float, paths: SandboxPaths) -> Iterator[None]:
    while not _try_lock(lock):
        if time.monotonic() > deadline:
            raise SandboxError(f"another process is starting the sandbox of {paths.root.parent}: see {paths.log}")
        time.sleep(_PAUSE)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


def _try_lock(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _start(paths: SandboxPaths, settings: SandboxSettings, deadline: float) -> SandboxEndpoint:
    """Start the process apart from this one: own session, no terminal, output to its log."""
    source_root = str(Path(__file__).resolve().parents[3])
    search_path = os.pathsep.join(filter(None, [source_root, os.environ.get("PYTHONPATH")]))
    with paths.log.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "deployments.sandbox", str(paths.root.parent), json.dumps(settings.as_dict())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=paths.root,
            env={**os.environ, "PYTHONPATH": search_path},
        )
    while time.monotonic() < deadline:
        endpoint = SandboxEndpoint.read(paths.endpoint)
        if endpoint and endpoint.pid == process.pid and find(paths.root.parent):
            return endpoint
        if process.poll() is not None:
            lines = paths.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise SandboxError(f"the sandbox did not start: {lines[-1] if lines else f'see {paths.log}'}")
        time.sleep(_PAUSE)
    process.terminate()
    raise SandboxError(f"the sandbox was not ready in time: see {paths.log}")


def _wait_until_released(paths: SandboxPaths, seconds: float) -> bool:
    """Whether no process holds the server lock any more."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with (paths.root / "server.lock").open("a+") as lock:
            if _try_lock(lock):
                return True
        time.sleep(_PAUSE)
    return False
