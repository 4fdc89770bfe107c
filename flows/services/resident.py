"""Handing a command to the home's resident worker: what a command sends, and what it gets back.

The worker listens on a Unix socket in a folder of mode 0700 in the home, the socket itself 0600: who reaches it could
run the same commands anyway. One started from other code, or with other variables for the libraries, is not used.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flows.services.resident_place import Place, fingerprint
from flows.settings import change_environment

PATIENCE_SECONDS = 5.0
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
GO = b"!"
_LENGTH = struct.Struct("!I")


def hand_over(home: Path, arguments: Sequence[str]) -> int | None:
    """Let the home's resident worker run the command; returns its exit code, or None where there is none to use."""
    place = Place(home)
    if not place.socket.exists() or not place.is_of(fingerprint(change_environment({}, apply=False))):
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.settimeout(PATIENCE_SECONDS)
            connection.connect(str(place.socket))
            _send_order(connection, arguments)
            child = receive(connection)["pid"]
            connection.sendall(GO)
        except (OSError, ValueError, KeyError):
            return None  # nothing was begun: a child that is not told to go ends
        connection.settimeout(None)
        return _wait_for_child(connection, child)


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
    socket.send_fds(connection, [GO], [0, 1, 2])
    send(connection, order)


def _wait_for_child(connection: socket.socket, child: int) -> int:
    """Wait for the child's exit code, passing on the signals that arrive meanwhile."""
    last = signal.SIGKILL

    def pass_on(number: int, _frame: Any) -> None:
        nonlocal last
        last = signal.Signals(number)
        try:
            os.killpg(child, number)
        except ProcessLookupError:
            return

    for number in PASSED_ON:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, pass_on)
    try:
        return int(receive(connection)["code"])
    except (OSError, ValueError, KeyError):
        return 128 + last  # a signal ended it without a word


def send(connection: socket.socket, message: dict[str, Any]) -> None:
    """Send one message."""
    text = json.dumps(message).encode()
    connection.sendall(_LENGTH.pack(len(text)) + text)


def receive(connection: socket.socket) -> dict[str, Any]:
    """Receive one message.

    Raises:
        ConnectionError: The other side has left.
    """
    (length,) = _LENGTH.unpack(_receive_bytes(connection, _LENGTH.size))
    message: dict[str, Any] = json.loads(_receive_bytes(connection, length))
    return message


def _receive_bytes(connection: socket.socket, length: int) -> bytes:
    held = b""
    while len(held) < length:
        part = connection.recv(length - len(held))
        if not part:
            raise ConnectionError("the other side has left")
        held += part
    return held
