"""The sandbox as a process of its own: `python -m deployments.sandbox HOME SETTINGS-AS-JSON`."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deployments import process
from deployments.sandbox.http.clock import Clock
from deployments.sandbox.process.endpoint import SandboxEndpoint
from deployments.sandbox.process.lifecycle import SandboxPaths
from deployments.sandbox.process.server import HOST, SandboxServer
from deployments.sandbox.process.settings import SandboxSettings
from deployments.sandbox.world.timestamps import parse
from deployments.sandbox.world.world import World


def main(arguments: list[str]) -> int:
    """Serve until told to stop, or idle for too long; the exit code."""
    home, settings = Path(arguments[0]), SandboxSettings.of(**json.loads(arguments[1]))
    paths = SandboxPaths(home)
    try:
        with process.hold_lock(paths.server_lock):
            return _run(paths, settings)
    except process.LockedError as locked:
        return _fail(
            f"another sandbox runs for {home} (process {locked.holder}) and does not answer at "
            "its endpoint file: end that process, then start again"
        )


def _run(paths: SandboxPaths, settings: SandboxSettings) -> int:
    application = _restore_application(paths)
    try:
        server = SandboxServer(
            World(settings.seed, settings.scale),
            client_id=application.client_id,
            client_secret=application.client_secret,
            port=settings.port,
            clock=_restore_clock(paths, settings),
            points=settings.points,
            window_seconds=settings.window_seconds,
            uploads=paths.uploads,
        )
    except (OSError, OverflowError) as error:
        return _fail(f"cannot listen on {HOST}:{settings.port} ({error}): choose another port, or 0 for a free one")
    except ValueError as error:
        return _fail(str(error))
    _serve(paths, settings, server)
    return 0


def _serve(paths: SandboxPaths, settings: SandboxSettings, server: SandboxServer) -> None:
    is_over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: is_over.set())
    endpoint = SandboxEndpoint(
        host=HOST,
        port=server.port,
        client_id=server.client_id,
        client_secret=server.client_secret,
        control_secret=server.control_secret,
        pid=os.getpid(),
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        settings=asdict(settings),
    )
    server.control.about.update(pid=endpoint.pid, started_at=endpoint.started_at, settings=endpoint.settings)
    server.control.on_stop = is_over.set
    with server:
        process.write_endpoint(paths.endpoint, endpoint)
        pause = min(settings.idle_seconds / 4, 15) if settings.idle_seconds else None
        while not is_over.wait(pause):
            if server.idle_seconds() > settings.idle_seconds:
                break
        if process.read_endpoint(paths.endpoint, SandboxEndpoint) == endpoint:
            paths.endpoint.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Application:
    """The application that gets tokens of a home's sandbox, whenever it is started."""

    client_id: str
    client_secret: str


def _restore_application(paths: SandboxPaths) -> _Application:
    """Return the application that the home's sandboxes had before; made up, and kept, where there is none."""
    application = process.read_endpoint(paths.credentials, _Application)
    if application is None:
        application = _Application(secrets.token_hex(15), secrets.token_hex(15))
        process.write_endpoint(paths.credentials, application)
    return application


def _restore_clock(paths: SandboxPaths, settings: SandboxSettings) -> Clock:
    """Return the clock, where it stood when a sandbox with the same settings was last moved."""
    same = {name: value for name, value in asdict(settings).items() if name not in ("port", "idle_seconds")}
    has_own_time = settings.start is not None or settings.clock != "running" or settings.speed != 1

    def save(at: float) -> None:
        stored = {"settings": same, "at": at, "real": time.time()}
        paths.clock.write_text(json.dumps(stored), encoding="utf-8")

    start = float(parse(settings.start)) if settings.start else time.time()
    stored = _read(paths.clock)
    if has_own_time and stored.get("settings") == same:
        elapsed = (time.time() - stored["real"]) * settings.speed if settings.clock == "running" else 0.0
        start = stored["at"] + elapsed
    elif has_own_time:
        save(start)
    return Clock(
        start,
        mode=settings.clock,
        speed=settings.speed,
        step_seconds=settings.step_seconds,
        on_move=save if has_own_time else lambda at: None,
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _fail(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
