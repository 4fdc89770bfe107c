"""A process of loads that are killed: `python -m tests.sources.dying_loads DATABASE LANDING ROOT HOME`.

It imports the libraries once and forks for each point a load that ends itself there with SIGKILL, in the middle of what
it does; it prints the points at which a load was killed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from snowflake.snowpark import Session

from deployments.embedded import find
from deployments.storage import Storage
from flows.landing import land
from flows.load import loader
from flows.load.loader import load_pending
from flows.load.pipes import landing_of
from flows.settings import load_settings
from transforms.raw import raw_twitch_streams

AT = datetime(2026, 11, 1, 18, tzinfo=UTC)
# Where a load dies: name, what is called there, the call at which, and whether what is called is done.
POINTS = (
    ("before an upload", Storage, "send", 2, False),
    ("after an upload", Storage, "send", 2, True),
    ("between upload and COPY", loader, "put_files", 1, True),
    ("between COPY and ledger", loader, "copy_files", 1, True),
    ("between ledger and commit", loader, "append_rows", 2, True),
)


def main(database: str, landing: str, root: Path, home: Path) -> None:
    """Land two files for each point, and die there."""
    for number, point in enumerate(POINTS):
        for file in range(2):
            records = [{"id": f"{number}-{file}-{record}"} for record in range(3)]
            land(root, "twitch", "streams", AT + timedelta(minutes=2 * number + file), records)
        child = os.fork()
        if child == 0:
            _die(point, database, landing, root, home)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            sys.stdout.write(f"{point[0]}\n")


def _die(point: tuple[str, Any, str, int, bool], database: str, landing: str, root: Path, home: Path) -> None:
    _, place, name, call, is_done = point
    real, calls, guard = getattr(place, name), 0, threading.Lock()

    def killed(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        with guard:
            calls += 1
            mine = calls
        if mine == call and not is_done:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = real(*arguments, **options)
        if mine == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(place, name, killed)
    endpoint = find(home)
    assert endpoint is not None
    session = Session.builder.configs(endpoint.connection_parameters(database)).create()
    settings = load_settings(database=database, landing=landing)
    load_pending(session, database, root, [raw_twitch_streams.TABLE], landing=landing_of(settings))
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
