"""The cache is filled before somebody comes: when a run has ended, each page is opened once, as a browser does it."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from deployments.dashboard import access, results

_LOOK_SECONDS = 1.0
_PAGE_SECONDS = 120.0
_LOG = logging.getLogger("snowcast.dashboard")


def keep_warm(url: str, pages: Sequence[str], changed: Path) -> None:
    """Open the pages whenever a run has ended; at most once in the time after which results are read anew. Never ends.

    Args:
        url: Where the dashboard is.
        pages: Their names in the address.
        changed: File that each run touches that has built something.
    """
    seen = _touched_at(changed)
    while True:
        time.sleep(_LOOK_SECONDS)
        if (found := _touched_at(changed)) == seen:
            continue
        seen = found
        results.look_anew()
        for page in pages:
            try:
                open_page(url, page)
            except (OSError, EOFError) as error:  # whoever comes reads it anew, as without
                _LOG.info("the page %s was not opened ahead: %s", page, error)
        time.sleep(access.current().refresh_seconds)


def open_page(url: str, page: str) -> None:
    """Open a page as a browser does, and wait until all of it has come.

    Raises:
        OSError: The server cannot be reached, or took too long.
        EOFError: It closed the connection.
    """
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect

    asked = BackMsg()
    asked.rerun_script.page_name = page
    deadline = time.monotonic() + _PAGE_SECONDS
    try:
        with connect(f"ws://{urlsplit(url).netloc}{urlsplit(url).path}_stcore/stream", max_size=None) as socket:
            socket.send(asked.SerializeToString())
            while True:
                told = ForwardMsg()
                told.ParseFromString(bytes(socket.recv(timeout=max(deadline - time.monotonic(), 0), decode=False)))
                if told.WhichOneof("type") == "script_finished":
                    return
    except WebSocketException as error:
        raise EOFError(str(error)) from None


def _touched_at(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
