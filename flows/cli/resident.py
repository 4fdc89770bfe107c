"""The resident worker: a process with the libraries loaded that forks a child for each command that is handed to it.

`snowcast up` keeps one per home. A command hands over its arguments, working folder, environment and its three standard
streams, and waits for the exit code, so its child prints, asks and fails as the command itself would. Ctrl-C and
other signals are passed on to the child's process group; a child whose command is gone ends.

It listens on a Unix socket in a folder of mode 0700 in the home, the socket itself 0600: who can reach it could run
the same commands anyway. One that was started from other code or with other variables for the libraries is not used.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import struct
import sys
import threading
import traceback
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from flows.services.resident_place import Place, fingerprint
from flows.settings import change_environment, replace_environment

_PATIENCE_SECONDS = 5.0
_LENGTH = struct.Struct("!I")
_STREAMS = 3
_GO = b"!"
_LOADED = (
    "snowflake.snowpark.functions",
    "prefect.flow_engine",
    "prefect.task_engine",
    "flows.cli",
    "flows.services.start",
    "flows.pipeline",
    "flows.backfill",
    "flows.load.loader",
    "flows.validate",
    "expectations.engine.suites",
    "expectations.checks.tables",
    "transforms.build",
    "deployments.embedded",
    "deployments.sandbox",
)
_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def hand_over(home: Path, arguments: Sequence[str]) -> int | None:
    """Let the home's resident worker run the command; returns its exit code, or None where there is none to use."""
    place = Place(home)
    if not place.socket.exists() or not place.is_of(fingerprint(change_environment({}, apply=False))):
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.settimeout(_PATIENCE_SECONDS)
            connection.connect(str(place.socket))
            _send_order(connection, arguments)
            child = _received(connection)["pid"]
            connection.sendall(_GO)
        except (OSError, ValueError, KeyError):
            return None  # nothing was begun: a child that is not told to go ends
        connection.settimeout(None)
        return _outcome(connection, child)


def serve(home: Path, lock: int) -> NoReturn:
    """Load the libraries, then fork a child per command until a signal ends this process.

    Args:
        home: The home whose worker it is.
        lock: Descriptor of the lock that is held as long as it lives; its children let go of it.
    """
    _load_libraries()
    place = Place(home)
    with place.listening() as listener:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the system
        # Python has one thread here; those that libraries for numbers keep are made anew in a child.
        warnings.filterwarnings("ignore", message=".*multi-threaded.*fork", category=DeprecationWarning)
        while True:
            connection, _ = listener.accept()
            with connection:
                if os.fork() == 0:
                    listener.close()
                    os.close(lock)
                    _serve_one(connection)


def _load_libraries() -> None:
    """Import what the handed over commands use, so that a fork has it."""
    for name in _LOADED:
        import_module(name)
    from transforms.catalog import models

    models()
    gc.freeze()  # a child that collects garbage would copy what it shares


def _send_order(connection: socket.socket, arguments: Sequence[str]) -> None:
    mask = os.umask(0)
    os.umask(mask)
    order = {
        "arguments": list(arguments),
        "program": sys.argv[0],
        "folder": os.getcwd(),
        "environment": change_environment({}, apply=False),
        "umask": mask,
        "streams": [[stream.encoding, stream.errors] for stream in (sys.stdin, sys.stdout, sys.stderr)],
    }
    socket.send_fds(connection, [_GO], [0, 1, 2])
    _send(connection, order)


def _outcome(connection: socket.socket, child: int) -> int:
    """Wait for the child's exit code, passing on the signals that arrive meanwhile."""
    last = signal.SIGKILL

    def pass_on(number: int, _frame: Any) -> None:
        nonlocal last
        last = signal.Signals(number)
        try:
            os.killpg(child, number)
        except ProcessLookupError:
            return

    for number in _PASSED_ON:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, pass_on)
    try:
        return int(_received(connection)["code"])
    except (OSError, ValueError, KeyError):
        return 128 + last  # a signal ended it without a word


def _serve_one(connection: socket.socket) -> NoReturn:
    """Be the command: in the child, with its streams, folder and environment."""
    code, is_cut_off = 1, False
    try:
        connection.settimeout(_PATIENCE_SECONDS)
        _, streams, _, _ = socket.recv_fds(connection, 1, _STREAMS)
        order = _received(connection)
        os.setsid()
        _send(connection, {"pid": os.getpid()})
        if connection.recv(1) != _GO:
            os._exit(0)
        connection.settimeout(None)
        threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
        _become(order, streams)
        from flows.cli.app import outcome_of

        code, is_cut_off = outcome_of(order["arguments"])
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        _leave(connection, code, at_once=is_cut_off)


def _become(order: dict[str, Any], streams: Sequence[int]) -> None:
    for number in (*_PASSED_ON, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    os.chdir(order["folder"])
    os.umask(order["umask"])
    sys.argv = [order["program"], *order["arguments"]]
    sys.stdin, sys.stdout, sys.stderr = (_stream(number, *how) for number, how in enumerate(order["streams"]))
    replace_environment(order["environment"])


def _stream(number: int, encoding: str, errors: str) -> Any:
    """A standard stream as Python opens it: what is an error appears line by line."""
    mode, buffering = "r" if number == 0 else "w", 1 if number == 2 else -1
    return open(number, mode, buffering, encoding=encoding, errors=errors, closefd=False)  # noqa: SIM115 - for the process


def _end_with(connection: socket.socket) -> None:
    """End the child when its command is gone: there is nobody to tell, as with a process that was killed."""
    if connection.recv(1) == b"":
        os.killpg(os.getpgrp(), signal.SIGTERM)


def _leave(connection: socket.socket, code: int, *, at_once: bool) -> NoReturn:
    """End the child as a process ends: what waits for its end runs, what it has printed is written."""
    import atexit

    try:
        if not at_once:
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    finally:
        try:
            _send(connection, {"code": code})
        finally:
            os._exit(code)


def _send(connection: socket.socket, message: dict[str, Any]) -> None:
    text = json.dumps(message).encode()
    connection.sendall(_LENGTH.pack(len(text)) + text)


def _received(connection: socket.socket) -> dict[str, Any]:
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
    message: dict[str, Any] = json.loads(_exactly(connection, length))
    return message


def _exactly(connection: socket.socket, length: int) -> bytes:
    held = b""
    while len(held) < length:
        part = connection.recv(length - len(held))
        if not part:
            raise ConnectionError("the other side has left")
        held += part
    return held


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
