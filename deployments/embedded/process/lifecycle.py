"""Find, start and stop the one embedded warehouse of a SNOWCAST_HOME.

A client never talks to the DuckDB files: it finds the server through the endpoint file, and starts it if there is none.
Two locks keep it to one: `start.lock` lets one client at a time start a server, `server.lock` is held by a server for
its whole life, so that a second one cannot open the files even when the endpoint file is lost.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from deployments.embedded.process.endpoint import Endpoint
from deployments.embedded.process.paths import WarehousePaths
from deployments.process import POLL_SECONDS, LockedError, end_process, hold_lock, last_line, start_apart

HEALTH_PATH = "/snowcast/health"
STORAGE_PATH = "/snowcast/storage"
SECRET_HEADER = "X-Snowcast-Secret"
HEALTH_TIMEOUT_SECONDS = 5.0
STOP_TIMEOUT_SECONDS = 20.0
# What Python, its libraries, the loader of libraries and the measurement of coverage read.
PASSED_ON = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TEMP|TMP|PYTHON\w+|VIRTUAL_ENV|COVERAGE_\w+|COV_\w+"
    r"|(?:LD|DYLD)_LIBRARY_PATH|OMP_NUM_THREADS|SYSTEMROOT"
)


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
    deadline = time.monotonic() + timeout
    try:
        paths.create()
        with hold_lock(paths.start_lock, within=timeout):
            return find(home) or _start(paths, idle_seconds, deadline, threads)
    except LockedError:
        raise EmbeddedError(
            f"another process is starting the embedded warehouse of {paths.home} and has not finished: see {paths.log}"
        ) from None
    except OSError as error:
        raise EmbeddedError(
            f"cannot write the embedded warehouse's folder {paths.root} ({error.strerror}): "
            "check its owner and free space, or set SNOWCAST_HOME to a folder you can write"
        ) from error


def find(home: Path) -> Endpoint | None:
    """The running warehouse of this home, or None; a stale endpoint file (crash, reused pid or port) counts as none."""
    paths = WarehousePaths(Path(home).expanduser().resolve())
    endpoint = Endpoint.read(paths.endpoint)
    if endpoint is None or not _process_exists(endpoint.pid):
        return None
    try:
        return endpoint if _answers(endpoint) else None
    except TimeoutError:
        return None if paths.is_free() else endpoint


def open_storage(endpoint: Endpoint, variables: Mapping[str, str], folders: Sequence[str]) -> None:
    """Let a running warehouse reach storage outside its home, until it ends.

    Args:
        endpoint: Where it answers.
        variables: What the clouds' libraries read: `AWS_…`, `AZURE_…`; they take the place of earlier ones.
        folders: Absolute folders that `file://` stages may lie in.

    Raises:
        EmbeddedError: It does not answer, or refuses them.
    """
    connection = http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=HEALTH_TIMEOUT_SECONDS)
    try:
        body = json.dumps({"variables": dict(variables), "folders": list(folders)})
        connection.request("POST", STORAGE_PATH, body, {SECRET_HEADER: endpoint.secret})
        answer = connection.getresponse()
        if answer.status != 200:
            raise EmbeddedError(f"the embedded warehouse refused the storage: {json.loads(answer.read())['message']}")
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise EmbeddedError(f"the embedded warehouse does not answer: {error}") from None
    finally:
        connection.close()


def stop(home: Path) -> bool:
    """Stop the warehouse of this home: checkpoint and leave, killed only if it does not.

    Returns:
        Whether there was one to stop.
    """
    endpoint = find(home)
    if endpoint is None:
        return False
    paths = WarehousePaths(Path(home).expanduser().resolve())
    end_process(endpoint.pid, paths.is_free, within=STOP_TIMEOUT_SECONDS)
    if Endpoint.read(paths.endpoint) == endpoint:
        paths.endpoint.unlink(missing_ok=True)
    return True


def _start(paths: WarehousePaths, idle_seconds: float, deadline: float, threads: int | None) -> Endpoint:
    """Start a server, unless one holds the files: then wait until it answers or has left."""
    process: subprocess.Popen[bytes] | None = None
    while time.monotonic() < deadline:
        if endpoint := find(paths.home):
            return endpoint
        if process is None and paths.is_free():
            process = _spawn(paths, idle_seconds, threads)
        elif process is not None and process.poll() is not None:
            raise EmbeddedError(f"the embedded warehouse of {paths.home} did not start: {last_line(paths.log)}")
        time.sleep(POLL_SECONDS)
    if process is not None:
        process.terminate()
    raise EmbeddedError(f"the embedded warehouse of {paths.home} was not ready in time: see {paths.log}")


def _spawn(paths: WarehousePaths, idle_seconds: float, threads: int | None) -> subprocess.Popen[bytes]:
    command = ["-m", "deployments.embedded", "--home", str(paths.home), "--idle-seconds", str(idle_seconds)]
    command += [] if threads is None else ["--threads", str(threads)]
    return start_apart(command, log=paths.log, folder=paths.root, environment=_environment())


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
