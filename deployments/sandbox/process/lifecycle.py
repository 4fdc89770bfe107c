"""Find, start and stop the one sandbox of a SNOWCAST_HOME.

It is found through `<home>/sandbox/endpoint.json`. Two locks keep it to one: `start.lock` lets one client at a time
start a process, `server.lock` is held by the process for its whole life.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from deployments import process
from deployments.sandbox.process.endpoint import SandboxEndpoint, SandboxError
from deployments.sandbox.process.settings import SandboxSettings

_STOP_TIMEOUT: Final = 10.0


class SandboxPaths(process.ServerFiles):
    """Where the sandbox of a SNOWCAST_HOME keeps its files.

    Attributes:
        clock: where the simulated time stood last.
        credentials: the application that gets tokens; the key of the Amplitude project follows from it, so it is kept.
        uploads: what was published to the Amplitude project.
    """

    def __init__(self, home: Path) -> None:
        super().__init__(Path(home).expanduser().resolve() / "sandbox")
        self.clock, self.credentials = self.root / "clock.json", self.root / "credentials.json"
        self.uploads = self.root / "uploads.ndjson"


def ensure_running(home: Path, *, timeout: float = 30, **settings: Any) -> SandboxEndpoint:
    """Return the running sandbox of this home, started in the background if there is none.

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
    if endpoint := _find_fitting(home, wanted, settings):
        return endpoint
    paths = SandboxPaths(home)
    deadline = time.monotonic() + timeout
    try:
        paths.root.mkdir(parents=True, exist_ok=True)
        with process.hold_lock(paths.start_lock, within=timeout):
            if endpoint := _find_fitting(home, wanted, settings):
                return endpoint
            stop(home)
            return _start(paths, wanted, deadline)
    except process.LockedError:
        raise SandboxError(f"another process is starting the sandbox of {paths.root.parent}: see {paths.log}") from None
    except OSError as error:
        raise SandboxError(
            f"cannot write the sandbox's folder {paths.root} ({error.strerror}): check its owner and free space, "
            "or set SNOWCAST_HOME to a folder you can write"
        ) from error


def find(home: Path) -> SandboxEndpoint | None:
    """Return the running sandbox of this home, or None; a stale endpoint file counts as none."""
    endpoint = process.read_endpoint(SandboxPaths(home).endpoint, SandboxEndpoint)
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
    paths = SandboxPaths(home)
    with contextlib.suppress(SandboxError):
        endpoint.control("POST", "stop")
    if not process.wait_until(paths.is_free, _STOP_TIMEOUT):
        process.end_process(endpoint.pid, paths.is_free, within=_STOP_TIMEOUT, signals=(signal.SIGKILL,))
    return True


def _find_fitting(home: Path, wanted: SandboxSettings, named: dict[str, Any]) -> SandboxEndpoint | None:
    """Return the running sandbox, if it has the settings that the caller named."""
    endpoint = find(home)
    if endpoint is None:
        return None
    values = asdict(wanted)
    return endpoint if all(endpoint.settings.get(name) == values[name] for name in named) else None


def _start(paths: SandboxPaths, settings: SandboxSettings, deadline: float) -> SandboxEndpoint:
    command = ["-m", "deployments.sandbox", str(paths.root.parent), json.dumps(asdict(settings))]
    started = process.start_apart(command, log=paths.log, folder=paths.root, environment=os.environ)
    while time.monotonic() < deadline:
        endpoint = process.read_endpoint(paths.endpoint, SandboxEndpoint)
        if endpoint and endpoint.pid == started.pid and find(paths.root.parent):
            return endpoint
        if started.poll() is not None:
            raise SandboxError(f"the sandbox did not start: {process.last_line(paths.log)}")
        time.sleep(process.POLL_SECONDS)
    started.terminate()
    raise SandboxError(f"the sandbox was not ready in time: see {paths.log}")
