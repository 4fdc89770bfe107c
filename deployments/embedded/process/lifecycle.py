"""Find, start and stop the one embedded warehouse of a SNOWCAST_HOME.

A client never talks to the DuckDB files: it finds the server through the endpoint file, and starts it if there is none.
Two locks keep it to one: `start.lock` lets one client at a time start a server, `server.lock` is held by a server for
its whole life, so that a second one cannot open the files even when the endpoint file is lost.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from deployments.embedded.process.endpoint import Endpoint
from deployments.embedded.process.paths import WarehousePaths, open_private

HEALTH_PATH = "/snowcast/health"
SECRET_HEADER = "X-Snowcast-Secret"
HEALTH_TIMEOUT_SECONDS = 5.0
STOP_TIMEOUT_SECONDS = 20.0
POLL_SECONDS = 0.02
# What Python, its libraries, the loader of libraries and the measurement of coverage read.
PASSED_ON = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TEMP|TMP|PYTHON\w+|VIRTUAL_ENV|COVERAGE_\w+|COV_\w+"
    r"|(?:LD|DYLD)_LIBRARY_PATH|OMP_NUM_THREADS|SYSTEMROOT"
)
LOG_BYTES = 10 * 1024 * 1024


class EmbeddedError(Exception):
    """The embedded warehouse cannot be started, found or stopped; the message says why in one line."""


def ensure_running(
    home: Path, *, idle_seconds: float = 1800, timeout: float = 60, threads: int | None = None
) -> Endpoint:
    """The running warehouse of this home, started in the background if there is none.

    Args:
        home: SNOWCAST_HOME.
        idle_seconds: A server started by this call leaves after so long without a request.
        timeout: Seconds to wait for the server.
        threads: Threads of a statement of a server started by this call; None for one per core.

    Returns:
        The endpoint that answered.

    Raises:
        EmbeddedError: the home cannot be written, or the server did not come up.
    """
    if endpoint := find(home):
        return endpoint
    paths = WarehousePaths(Path(home).expanduser().resolve())
    try:
        paths.create()
        lock = open_private(paths.start_lock, "a+")
    except OSError as error:
        raise EmbeddedError(
            f"cannot write the embedded warehouse's folder {paths.root} ({error.strerror}): "
            "check its owner and free space, or set SNOWCAST_HOME to a folder you can write"
        ) from error
    deadline = time.monotonic() + timeout
    with lock, _locked(lock, deadline, paths):
        return find(home) or _start(paths, idle_seconds, deadline, threads)


def find(home: Path) -> Endpoint | None:
    """The running warehouse of this home, or None; a stale endpoint file (crash, reused pid or port) counts as none."""
    paths = WarehousePaths(Path(home).expanduser().resolve())
    endpoint = Endpoint.read(paths.endpoint)
    if endpoint is None or not _process_exists(endpoint.pid):
        return None
    try:
        return endpoint if _answers(endpoint) else None
    except TimeoutError:
        return endpoint if _is_held(paths.server_lock) else None


def stop(home: Path) -> bool:
    """Stop the warehouse of this home: checkpoint and leave, killed only if it does not.

    Returns:
        Whether there was one to stop.
    """
    endpoint = find(home)
    if endpoint is None:
        return False
    paths = WarehousePaths(Path(home).expanduser().resolve())
    _signal(endpoint.pid, signal.SIGTERM)
    if not _wait_until_released(paths, STOP_TIMEOUT_SECONDS):
        _signal(endpoint.pid, signal.SIGKILL)
        _wait_until_released(paths, STOP_TIMEOUT_SECONDS)
    if Endpoint.read(paths.endpoint) == endpoint:
        paths.endpoint.unlink(missing_ok=True)
    return True


@contextlib.contextmanager
def _locked(lock: IO[str], deadline: float, paths: WarehousePaths) -> Iterator[None]:
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"another process is starting the embedded warehouse of {paths.home} and has not finished: "
                    f"see {paths.log}"
                ) from None
            time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


def _start(paths: WarehousePaths, idle_seconds: float, deadline: float, threads: int | None) -> Endpoint:
    """Start a server, unless one holds the files: then wait until it answers or has left."""
    process: subprocess.Popen[bytes] | None = None
    while time.monotonic() < deadline:
        if endpoint := find(paths.home):
            return endpoint
        if process is None and not _is_held(paths.server_lock):
            process = _spawn(paths, idle_seconds, threads)
        elif process is not None and process.poll() is not None:
            raise EmbeddedError(f"the embedded warehouse of {paths.home} did not start: {_last_line(paths.log)}")
        time.sleep(POLL_SECONDS)
    if process is not None:
        process.terminate()
    raise EmbeddedError(f"the embedded warehouse of {paths.home} was not ready in time: see {paths.log}")


def _spawn(paths: WarehousePaths, idle_seconds: float, threads: int | None) -> subprocess.Popen[bytes]:
    """Start the server apart from this process: own session, no terminal, output to its log."""
    command = [sys.executable, "-m", "deployments.embedded"]
    command += ["--home", str(paths.home), "--idle-seconds", str(idle_seconds)]
    command += [] if threads is None else ["--threads", str(threads)]
    source_root = str(Path(__file__).resolve().parents[3])
    search_path = os.pathsep.join(filter(None, [source_root, os.environ.get("PYTHONPATH")]))
    if paths.log.exists() and paths.log.stat().st_size > LOG_BYTES:
        paths.log.replace(paths.log.with_suffix(".log.old"))
    with open_private(paths.log, "a") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=paths.root,
            env={**_environment(), "PYTHONPATH": search_path},
        )


def _environment() -> dict[str, str]:
    """What the server gets of the environment of whoever starts it: where programs and texts are, and no secret."""
    return {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}


def _answers(endpoint: Endpoint) -> bool:
    """Whether the server that wrote the file answers there, and not something else on a reused port."""
    connection = http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=HEALTH_TIMEOUT_SECONDS)
    try:
        connection.request("GET", HEALTH_PATH, headers={SECRET_HEADER: endpoint.secret})
        response = connection.getresponse()
        return response.status == 200 and json.loads(response.read()).get("pid") == endpoint.pid
    except TimeoutError:
        raise
    except (OSError, ValueError, AttributeError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _is_held(lock_path: Path) -> bool:
    try:
        with open_private(lock_path, "a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _wait_until_released(paths: WarehousePaths, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not _is_held(paths.server_lock):
            return True
        time.sleep(POLL_SECONDS)
    return False


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else f"see {log}"
