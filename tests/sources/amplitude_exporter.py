"""Exports again and again, each time in a process of its own that kills itself where it is told to.

What to do comes as JSON, a line for each export: the hours' end, and the point of the killing, if there is one. A child
is forked from a process that has imported everything. Printed is how it ended.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from flows.errors import SnowcastError
from flows.landing import LandingWriter
from flows.load import loader
from flows.settings import Settings, load_settings
from flows.sources.amplitude.archive import Archive
from flows.sources.amplitude.client import ExportClient, Project
from flows.sources.amplitude.export import Exporter
from flows.sources.amplitude.hours import Asked, Hour, HourLedger
from flows.sources.amplitude.personal import PersonalData
from flows.warehouse import open_session
from tests.sources.amplitude import FAST, PERSONAL

# Where an export can be killed, each before and after: what it does, in the order in which it does it.
POINTS: dict[str, tuple[Any, str]] = {
    "ask": (ExportClient, "_ask_once"),
    "read": (Archive, "members_by_hour"),
    "write": (LandingWriter, "write"),
    "seal": (LandingWriter, "seal"),
    "record": (HourLedger, "record"),
    "reveal": (LandingWriter, "reveal"),
    "put": (loader, "put_files"),
    "copy": (loader, "copy_files"),
    "ledger": (loader, "append_rows"),
    "load": (loader, "load_pending"),
}


def main(given: dict[str, Any], out: int) -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(_export(given, json.loads(line)))
        _, status = os.waitpid(child, 0)
        os.write(out, f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _export(given: dict[str, Any], order: dict[str, Any]) -> int:
    settings = load_settings(home=given["home"], database=given["database"])
    if order.get("point"):
        _die_at(order["point"], order["nth"], after=order["after"])
    if order.get("unprotected"):
        _write_the_ledger_last()
    try:
        return _run(settings, given, datetime.fromisoformat(order["now"]))
    except SnowcastError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except BaseException:
        traceback.print_exc()
        return 9


def _run(settings: Settings, given: dict[str, Any], now: datetime) -> int:
    from transforms.raw.raw_amplitude_events import TABLE

    root = Path(given["root"])
    project = Project("project", given["url"], SecretStr(given["api_key"]), SecretStr(given["secret_key"]))
    with open_session(settings) as session:
        ledger = HourLedger(session, settings.database, root, project.name)
        hours = ledger.due(now, given["first_hours"], Asked())
        with ExportClient(project, settings.home, retries=FAST, sleep=lambda _: None) as client:
            exported = Exporter(client, ledger, root, PersonalData(PERSONAL, None)).export(hours, 4)
        for write in _LAST:
            write()
        loader.load_pending(session, settings.database, root, [TABLE])
    return 3 if exported.failure else 0


def _die_at(point: str, nth: int, *, after: bool) -> None:
    """Kill this process at the n-th time that it comes to a point."""
    owner, name = POINTS[point]
    done, count = getattr(owner, name), 0

    def deadly(*args: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        if count == nth and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = done(*args, **options)
        if count == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, deadly)


_LAST: list[Callable[[], None]] = []


def _write_the_ledger_last() -> None:
    """Take the protection away: the hours are written down after their files appeared, as one would at first."""
    record = HourLedger.record

    def later(self: HourLedger, hours: list[Hour]) -> None:
        _LAST.append(lambda: record(self, hours))

    HourLedger.record = later  # type: ignore[assignment, method-assign]


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.stdout.fileno())
