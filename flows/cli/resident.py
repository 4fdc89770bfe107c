"""The resident worker: a process with the libraries loaded that forks a child for each command that is handed to it.

`snowcast up` keeps one per home. A command hands over its arguments, working folder, environment and its three standard
streams, and waits for the exit code, so its child prints, asks and fails as the command itself would. Ctrl-C and
other signals are passed on to the child's process group; a child whose command is gone ends.

What it is asked, and by whom, is in flows/services/resident.py.
"""

from __future__ import annotations

import atexit
import gc
import mimetypes
import os
import signal
import socket
import sys
import threading
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from pydantic.v1.networks import int_domain_regex

from flows.cli.app import find_outcome
from flows.cli.state import set_up_prefect_logs
from flows.services.resident import GO, PASSED_ON, PATIENCE_SECONDS, Place, receive, send
from flows.settings import replace_environment
from flows.startup import look_for_garbage_rarely
from transforms.catalog import models

_STREAMS = 3
_LOADED = (
    "snowflake.snowpark.functions",
    "prefect.flow_engine",
    "prefect.task_engine",
    "fastapi.encoders",
    "anyio._backends._asyncio",
    "great_expectations.render.renderer.site_builder",
    "prefect.utilities.visualization",
    "snowflake.connector.file_transfer_agent",
    "snowflake.snowpark._internal.compiler.plan_compiler",
    "sqlglot.dialects.snowflake",
    "flows.cli",
    "flows.cli.state",
    "flows.services.start",
    "flows.pipeline",
    "flows.backfill",
    "flows.files.deliveries",
    "flows.load.loader",
    "flows.validate",
    "flows.warehouse.connection",
    "flows.warehouse.scripts",
    "expectations.engine.docs_pages",
    "expectations.engine.suites",
    "expectations.checks.deliveries",
    "expectations.checks.drift",
    "expectations.checks.sources",
    "expectations.checks.tables",
    "transforms.build",
    "deployments.embedded",
    "deployments.sandbox",
)


def serve(home: Path, lock: int, idle_seconds: float) -> NoReturn:
    """Load the libraries, then fork a child per command until a signal ends this process, or nobody needs it.

    The descriptor `lock` is held as long as it lives; its children let go of it.
    """
    _load_libraries()
    place = Place(home)
    with place.listening() as listener:
        listener.settimeout(idle_seconds)
        signal.signal(signal.SIGCHLD, _reap)
        # Python has one thread here; those that libraries for numbers keep are made anew in a child.
        warnings.filterwarnings("ignore", message=".*multi-threaded.*fork", category=DeprecationWarning)
        while True:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                if _has_children():
                    continue
                place.leave()
                os._exit(0)
            with connection:
                if os.fork() == 0:
                    listener.close()
                    os.close(lock)
                    _serve_one(connection)


def _load_libraries() -> None:
    """Import what the handed over commands use, so that a fork has it."""
    look_for_garbage_rarely()
    for name in _LOADED:
        import_module(name)
    from expectations.checks.tables import rules_of

    for model in models().values():
        rules_of(model.table)  # imports the module of the table's own rules
    # What libraries make when they first need it, and then keep.
    set_up_prefect_logs(verbose=False)
    mimetypes.init()
    int_domain_regex()
    gc.freeze()  # a child that collects garbage would copy what it shares


def _reap(*_: Any) -> None:
    """Take leave of the children that have ended: what they used counts as this process's."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _serve_one(connection: socket.socket) -> NoReturn:
    """Be the command: in the child, with its streams, folder and environment."""
    code, is_cut_off = 1, False
    try:
        connection.settimeout(PATIENCE_SECONDS)
        _, streams, _, _ = socket.recv_fds(connection, 1, _STREAMS)
        order = receive(connection)
        os.setsid()
        send(connection, {"pid": os.getpid()})
        if connection.recv(1) != GO:
            os._exit(0)
        connection.settimeout(None)
        threading.Thread(target=_end_with_command, args=(connection,), daemon=True).start()
        _become(order, streams)
        code, is_cut_off = find_outcome(order["arguments"])
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        _leave(connection, code, at_once=is_cut_off)


def _become(order: dict[str, Any], streams: Sequence[int]) -> None:
    for number in (*PASSED_ON, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    os.chdir(order["folder"])
    os.umask(order["umask"])
    sys.argv = [order["program"], *order["arguments"]]
    sys.stdin, sys.stdout, sys.stderr = (_open_stream(number, *how) for number, how in enumerate(order["streams"]))
    replace_environment(order["environment"])


def _open_stream(number: int, encoding: str, errors: str) -> Any:
    """Return a standard stream as Python opens it: what is an error appears line by line."""
    mode, buffering = "r" if number == 0 else "w", 1 if number == 2 else -1
    return open(number, mode, buffering, encoding=encoding, errors=errors, closefd=False)  # noqa: SIM115 - for the process


def _end_with_command(connection: socket.socket) -> None:
    """End the child when its command is gone: there is nobody to tell, as with a process that was killed."""
    if connection.recv(1) == b"":
        os.killpg(os.getpgrp(), signal.SIGTERM)


def _leave(connection: socket.socket, code: int, *, at_once: bool) -> NoReturn:
    """End the child as a process ends: what waits for its end runs, what it has printed is written."""
    try:
        if not at_once:
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    finally:
        try:
            send(connection, {"code": code})
        finally:
            os._exit(code)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
