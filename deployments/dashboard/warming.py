"""The cache is filled before somebody comes: when a run has ended, each page is opened once, as a browser does it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from deployments.dashboard import access

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
    from deployments.dashboard import results

    seen = _read_touch(changed)
    while True:
        time.sleep(_LOOK_SECONDS)
        if (found := _read_touch(changed)) == seen:
            continue
        seen = found
        results.look_anew()
        try:
            with visiting(url) as open_page:
                for page in pages:
                    open_page(page)
        except (OSError, EOFError) as error:  # whoever comes reads it, as without
            _LOG.info("the pages were not opened ahead: %s", error)
        time.sleep(access.current().refresh_seconds)


@contextmanager
def visiting(url: str) -> Iterator[Callable[[str], None]]:
    """Be one visitor, as a browser is to the server; yields what opens a page by its name, and waits until it has come.

    Raises:
        OSError: The server cannot be reached, or took too long.
        EOFError: It closed the connection.
    """
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect

    where = urlsplit(url)
    try:
        with connect(f"ws://{where.netloc}{where.path}_stcore/stream", max_size=None) as socket:

            def open_page(page: str) -> None:
                asked, told = BackMsg(), ForwardMsg()
                asked.rerun_script.page_name = page
                socket.send(asked.SerializeToString())
                deadline = time.monotonic() + _PAGE_SECONDS
                while told.WhichOneof("type") != "script_finished":
                    told.ParseFromString(socket.recv(timeout=max(deadline - time.monotonic(), 0), decode=False))

            yield open_page
    except WebSocketException as error:
        raise EOFError(str(error)) from None


def _read_touch(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
