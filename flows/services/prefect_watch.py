"""Watching the local Prefect server during a run: one that dies is started again where it was, and the run goes on.

A run needs Prefect to be seen, not to work: its steps go on while the server is away. It comes back with the same
address and secret, so that the run's own clients, other runs and an open browser find it again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flows.errors import SnowcastError
from flows.reporting import reporter
from flows.services import prefect_server
from flows.settings import Settings

_LOOK_SECONDS = 1.0
_is_settled = threading.Event()
_is_settled.set()


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
        if prefect_server.lives(settings.home):
            continue
        _is_settled.clear()
        reporter().finished("prefect", "the server has died; it is started again, the run goes on", "warning")
        try:
            prefect_server.ensure_running(settings)
        except SnowcastError as error:
            reporter().finished("prefect", str(error), "failed")
            return
        finally:
            _is_settled.set()
