"""Serving a built site to this machine alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from flows.errors import ConfigError


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files and prints nothing."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing of a request."""


def serve_site(folder: Path, port: int, say: Callable[[str], None]) -> None:
    """Serve a folder on 127.0.0.1, port 0 being a free one, until Ctrl-C.

    Raises:
        ConfigError: The port is taken.
    """
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Quiet, directory=str(folder)))
    except OSError as error:
        raise ConfigError(
            f"Port {port} of 127.0.0.1 cannot be used ({error.strerror}); choose another: --port."
        ) from None
    with server:
        say(f"http://127.0.0.1:{server.server_address[1]}/ (Ctrl-C ends it)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("")
