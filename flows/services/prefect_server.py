"""The local Prefect server: one per SNOWCAST_HOME, started in the background when a flow first needs it.

Everything it keeps is under `<home>/prefect`; `server.json` there (0600) holds its address and the secret that every
request must present. A server holds `server.lock` from its start to its end, so a second start finds it and waits.
Where PREFECT_API_URL is set, that server is used and none is started.

During a run it is watched: one that dies is started again where it was, and the run goes on. A run needs Prefect to be
seen, not to work: its steps go on while the server is away. It comes back with the same address and secret, so that the
run's own clients, other runs and an open browser find it again.
"""

from __future__ import annotations

import base64
import http.client
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen
from typing import IO

from deployments import process
from deployments.process import HOST
from flows.errors import ConfigError, SnowcastError, SourceError
from flows.reporting import reporter
from flows.services.patience import Patience
from flows.settings import Settings, change_environment, ready_home
from flows.startup import OBJECTS_BEFORE_GARBAGE

_QUIET_SECONDS = 90.0  # a server that starts computes, or writes its log or its database
_STOP_SECONDS = 15.0
_LOOK_SECONDS = 1.0
_is_settled = threading.Event()
_is_settled.set()


@dataclass(frozen=True)
class PrefectServer:
    """A local Prefect server: where it listens, what it asks of a client, which process it is."""

    port: int
    secret: str = field(repr=False)
    pid: int
    started_at: str

    @property
    def url(self) -> str:
        """Address of the user interface."""
        return f"http://{HOST}:{self.port}"

    @property
    def api_url(self) -> str:
        """What PREFECT_API_URL is set to."""
        return f"{self.url}/api"

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which a Prefect client finds the server."""
        return {"PREFECT_API_URL": self.api_url, "PREFECT_API_AUTH_STRING": f"snowcast:{self.secret}"}


def ensure_running(settings: Settings, *, quiet_seconds: float = _QUIET_SECONDS) -> PrefectServer:
    """Return the running server of this home, started if there is none; returns when it answers.

    A server may take as long to start as it shows signs of life; one without any for `quiet_seconds` is given up.

    Raises:
        ConfigError: SNOWCAST_PREFECT_PORT is taken by another program, or the home cannot be written.
        SourceError: The server did not come up.
    """
    if running := find(settings.home):
        return running
    ready_home(settings)
    folder = _prefect_folder(settings.home)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    started = None
    with suppress(process.LockedError), process.hold_lock(_lock_file(settings.home)) as lock:
        dead = process.read_endpoint(endpoint_file(settings.home), PrefectServer)
        endpoint_file(settings.home).unlink(missing_ok=True)
        started = _start(settings, lock, dead)
    return _wait_for_answer(settings, started, Patience(quiet_seconds))


def find(home: Path) -> PrefectServer | None:
    """Return the running server of this home, or None; the file of a server that is gone counts as none."""
    server = process.read_endpoint(endpoint_file(home), PrefectServer)
    return server if server and _answers(server) else None


def lives(home: Path) -> bool:
    """Whether there is a server of this home, also while it starts or is too busy to answer."""
    return process.is_locked(_lock_file(home))


def stop(home: Path) -> bool:
    """Stop the server of this home; returns whether there was one."""
    server = process.read_endpoint(endpoint_file(home), PrefectServer)
    if server is None or not lives(home):
        return False
    process.end_process(server.pid, lambda: not lives(home), within=_STOP_SECONDS, group=True)
    endpoint_file(home).unlink(missing_ok=True)
    return True


def connect(settings: Settings) -> str:
    """Point this process's Prefect at its server, starting the local one where needed; returns the API's address.

    Not from a thread while another one imports Prefect: `client_environment` gives what `change_environment` takes.
    """
    environment = client_environment(settings)
    change_environment(environment)
    return environment["PREFECT_API_URL"]


def client_environment(settings: Settings) -> dict[str, str]:
    """Return variables with which a Prefect client finds its server; the local one is started where needed."""
    return find_client_environment(settings) or ensure_running(settings).environment


def find_client_environment(settings: Settings) -> dict[str, str] | None:
    """Return variables with which a Prefect client finds its server, or None where the local one does not run."""
    if settings.prefect_api_url:
        return {"PREFECT_API_URL": settings.prefect_api_url}
    running = find(settings.home)
    return running.environment if running else None


def endpoint_file(home: Path) -> Path:
    """Return the file that holds address and secret of the local server."""
    return _prefect_folder(home) / "server.json"


def _prefect_folder(home: Path) -> Path:
    return home / "prefect"


def _lock_file(home: Path) -> Path:
    return _prefect_folder(home) / "server.lock"


def _start(settings: Settings, lock: IO[str], dead: PrefectServer | None) -> Popen[bytes]:
    """Start the server apart from this process; it inherits the lock and so holds it as long as it lives.

    Args:
        settings: Of the home.
        lock: The lock.
        dead: The one before it, which was not stopped: its clients find this one again where that one was.
    """
    port = _choose_port(settings.prefect_port, dead)
    secret = dead.secret if dead else secrets.token_urlsafe(24)
    folder = _prefect_folder(settings.home)
    started = process.start_apart(
        _command(port),
        log=_log_file(settings),
        folder=folder,
        environment=change_environment(_make_variables(folder, secret), apply=False),
        passed=[lock],
    )
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    process.write_endpoint(endpoint_file(settings.home), PrefectServer(port, secret, started.pid, started_at))
    return started


def _command(port: int) -> list[str]:
    started = f"gc.set_threshold({OBJECTS_BEFORE_GARBAGE}, 10, 10); runpy.run_module('prefect', run_name='__main__')"
    told = ["server", "start", "--host", HOST, "--port", str(port), "--log-level", "WARNING"]
    return ["-c", f"import gc, runpy; {started}", *told]


def _make_variables(folder: Path, secret: str) -> dict[str, str]:
    return {
        "PREFECT_HOME": str(folder),
        "PREFECT_PROFILES_PATH": str(folder / "profiles.toml"),
        "PREFECT_SERVER_API_AUTH_STRING": f"snowcast:{secret}",
        "PREFECT_API_AUTH_STRING": f"snowcast:{secret}",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # To tell whether kinds of blocks have changed, a start imports Snowflake's libraries: half of what it takes.
        "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",
    }


def _choose_port(wanted: int | None, dead: PrefectServer | None) -> int:
    """Return the port of a server that has died, unless another program has taken it; else the one that is wanted."""
    with suppress(OSError):
        if dead:
            return process.find_port(dead.port)
    try:
        return process.find_port(wanted)
    except OSError:
        raise ConfigError(
            f"Port {wanted} is in use by another program. Set SNOWCAST_PREFECT_PORT to a free one, or leave it out."
        ) from None


def _wait_for_answer(settings: Settings, started: Popen[bytes] | None, patience: Patience) -> PrefectServer:
    folder, log = _prefect_folder(settings.home), _log_file(settings)
    files = [log, folder / "prefect.db", folder / "prefect.db-wal"]
    looked_at = time.monotonic()
    while True:
        if server := find(settings.home):
            return server
        if started is None and not lives(settings.home):
            return ensure_running(settings, quiet_seconds=patience.quiet_seconds)
        if started is not None and started.poll() is not None:
            raise SourceError(f"The local Prefect server did not start (exit code {started.returncode}): see {log}.")
        if time.monotonic() - looked_at > _LOOK_SECONDS:
            looked_at = time.monotonic()
            starting = process.read_endpoint(endpoint_file(settings.home), PrefectServer)
            if patience.is_over(starting.pid if starting else None, files):
                break
        time.sleep(process.POLL_SECONDS)
    stop(settings.home)
    raise SourceError(
        f"The local Prefect server showed no sign of life for {patience.quiet_seconds:.0f} s and was stopped: "
        f"see {log}, then try again."
    )


def _log_file(settings: Settings) -> Path:
    return settings.logs_root / "prefect-server.log"


def _answers(server: PrefectServer) -> bool:
    """Whether the server of the file answers there and takes its secret."""
    token = base64.b64encode(f"snowcast:{server.secret}".encode()).decode()
    connection = http.client.HTTPConnection(HOST, server.port, timeout=5)
    try:
        connection.request("GET", "/api/admin/version", headers={"Authorization": f"Basic {token}"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def watch_prefect(settings: Settings) -> Iterator[None]:
    """Start the local server again whenever it dies during the block; one of the user's own is not ours to start."""
    if settings.prefect_api_url:
        yield
        return
    ends = threading.Event()
    watch = threading.Thread(target=_watch, args=(settings, ends), name="watch prefect", daemon=True)
    watch.start()
    try:
        yield
    finally:
        ends.set()


def settle() -> None:
    """Wait until the server that is being started again answers, or cannot be started."""
    _is_settled.wait()


def _watch(settings: Settings, ends: threading.Event) -> None:
    while not ends.wait(_LOOK_SECONDS):
        if lives(settings.home):
            continue
        _is_settled.clear()
        reporter().show_result("prefect", "the server has died; it is started again, the run goes on", "warning")
        try:
            ensure_running(settings)
        except SnowcastError as error:
            reporter().show_result("prefect", str(error), "failed")
            return
        finally:
            _is_settled.set()
