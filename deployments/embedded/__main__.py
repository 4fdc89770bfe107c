"""The warehouse's background process: `python -m deployments.embedded --home DIR`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import importlib
import logging
import os
import resource
import secrets
import signal
import socket
import sys
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from deployments.embedded.process.endpoint import HOST, Endpoint
from deployments.embedded.process.paths import DamagedFileError, WarehousePaths
from deployments.process import LockedError, hold_lock

if TYPE_CHECKING:
    import uvicorn

    from deployments.embedded.server.server import Server

logger = logging.getLogger("snowcast.embedded")
LOCK_PATIENCE_SECONDS = 2.0
HOUSEKEEPING_SECONDS = 0.5
GARBAGE_OBJECTS = 50_000
MEMORY_SHARE = 0.75  # of the machine or container, for the process
SPILL_SHARE = 0.4  # of the process, for DuckDB: twice of what it counts is reserved while it sorts ten million rows
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")
KEEP_ALIVE_SECONDS = 24 * 3600
# The Snowflake connector imports these whenever they are installed, and they take longer to import than everything else
# together. The server needs some for external stages.
UNUSED_LIBRARIES = ("aioboto3", "aiobotocore", "boto3", "botocore", "pandas")


def main(arguments: list[str] | None = None) -> int:
    """Serve the warehouse of one home until it is idle or told to stop.

    Returns:
        The exit code: 0 when it served, 1 when it could not start; the last line on stderr says why.
    """
    parser = argparse.ArgumentParser(prog="python -m deployments.embedded", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="SNOWCAST_HOME")
    parser.add_argument("--idle-seconds", type=float, default=1800.0, help="leave after so long without a request")
    parser.add_argument("--threads", type=int, default=None, help="threads of a statement (default: one per core)")
    parser.add_argument("--answer-within", type=float, default=40.0, help="seconds until a client has to ask again")
    options = parser.parse_args(arguments)
    # The tree of every statement is garbage with circles, of tens of thousands of objects; imports make more.
    gc.set_threshold(GARBAGE_OBJECTS, 10, 10)
    paths = WarehousePaths(options.home.expanduser().resolve())
    os.umask(0o077)
    try:
        paths.create()
        with hold_lock(paths.server_lock, within=LOCK_PATIENCE_SECONDS):  # the only server of this home
            serve(paths, options.idle_seconds, options.answer_within, options.threads)
    except LockedError:
        sys.stderr.write(f"another process serves this warehouse: {paths.root}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error.strerror or error}: {error.filename or paths.root}\n")
        return 1
    except DamagedFileError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def serve(paths: WarehousePaths, idle_seconds: float, answer_within: float, threads: int | None = None) -> None:
    """Listen on a free port of the loopback address, say so in the endpoint file, and answer.

    Args:
        paths: The files of the home; the caller holds its server lock.
        idle_seconds: Leave after so long without a request.
        answer_within: Seconds until a client is told to ask again for a result that is not there yet.
        threads: Threads of a statement; None for one per core.
    """
    listener = _listener()
    endpoint = Endpoint(
        host=HOST,
        port=listener.getsockname()[1],
        secret=secrets.token_urlsafe(32),
        pid=os.getpid(),
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    spills_over = int(_limit_memory() * SPILL_SHARE)
    _prepare_libraries()
    from deployments.embedded.server.server import Server
    from deployments.embedded.session.engine import Engine

    paths.close_to_others()
    engine = Engine(paths, threads, spills_over)
    server = Server(engine, endpoint, answer_within)
    _keep_what_is_loaded()
    logger.info("serving %s on port %d as process %d", paths.root, endpoint.port, endpoint.pid)
    logger.info("statements spill over %d MiB", spills_over // 2**20)
    try:
        asyncio.run(_listen(server, listener, paths, idle_seconds))
    finally:
        logger.info("leaving")
        if Endpoint.read(paths.endpoint) == endpoint:
            paths.endpoint.unlink(missing_ok=True)
        server.close()
        engine.close()


def _keep_what_is_loaded() -> None:
    """Take what is there now out of every later search for garbage."""
    gc.collect()
    gc.freeze()


def _limit_memory() -> int:
    """Let a statement that needs more memory than there is end in an error: the system would end the process.

    Returns:
        Bytes that the process may take.
    """
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    with contextlib.suppress(OSError, ValueError):
        sizes.append(int(CONTAINER_LIMIT.read_text()))
    most = int(min(sizes) * MEMORY_SHARE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    return most


def _listener() -> socket.socket:
    """A socket on a port the system chose; without TCP_NODELAY each answer waits 40 ms for an acknowledgement."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind((HOST, 0))
    listener.listen(1024)
    return listener


async def _listen(server: Server, listener: socket.socket, paths: WarehousePaths, idle_seconds: float) -> None:
    import uvicorn
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class Connection(HttpToolsProtocol):
        """A client's network connection, whose end is told to the sessions that used it."""

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if self.client:
                server.sessions.lose(self.client)

    config = uvicorn.Config(
        server.app,
        http=Connection,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ws="none",
    )
    http = uvicorn.Server(config)
    http.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _leave, http)
    serving = asyncio.create_task(http.serve(sockets=[listener]))
    while not http.started and not serving.done():
        await asyncio.sleep(0.005)
    server.endpoint.write(paths.endpoint)
    while not serving.done():
        await asyncio.wait([serving], timeout=HOUSEKEEPING_SECONDS)
        server.tidy()
        if Endpoint.read(paths.endpoint) != server.endpoint:
            server.endpoint.write(paths.endpoint)
        if server.is_idle(idle_seconds):
            logger.info("nobody has asked for %g s", idle_seconds)
            _leave(http)
    await serving


def _leave(http: uvicorn.Server) -> None:
    http.should_exit = True
    http.force_exit = True


class _NeverFound(MetaPathFinder):
    """Tells that there is no pandas, which pyarrow asks for with its first table and nothing here needs."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("not for the warehouse", name=name)


def _prepare_libraries() -> None:
    absent = [name for name in UNUSED_LIBRARIES if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]
    importlib.import_module("snowflake.connector")
    for name in absent:
        del sys.modules[name]
    sys.meta_path.insert(0, _NeverFound())
    warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("snowflake").setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
