"""Tells of spikes in a process of its own, which may kill itself at a point of the way: settings as JSON.

Each line of standard input is a point: a child is forked from the process that has imported everything, and how it
ended is printed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from datetime import datetime
from typing import Any

from flows.publish_to.slack.client import SlackWebhook
from flows.publish_to.slack.ledger import AlertLedger
from flows.reporting import report_to
from flows.settings import load_settings
from flows.warehouse import open_session
from tests.publish.conftest import Silent

# Where a process dies: the method, and whether it has done its work by then.
POINTS = {
    "before it is decided": (AlertLedger, "write_decided", False),
    "when it is decided": (AlertLedger, "write_decided", True),
    "when it is claimed": (AlertLedger, "claim", True),
    "when it is sent": (SlackWebhook, "send", True),
    "before it is recorded": (AlertLedger, "record", False),
    "when it is recorded": (AlertLedger, "record", True),
    "nowhere": None,
}


def main(given: dict[str, Any], now: str) -> None:
    report_to(Silent())
    for number, line in enumerate(sys.stdin):
        child = os.fork()
        if child == 0:
            os._exit(_tell(given, line.strip(), f"run_{number}", datetime.fromisoformat(now)))
        _, status = os.waitpid(child, 0)
        os.write(1, f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _tell(given: dict[str, Any], point: str, run_id: str, now: datetime) -> int:
    from flows.publish_to.slack.alerts import tell

    if where := POINTS[point]:
        _die(*where)
    settings = load_settings(**given)
    try:
        with open_session(settings) as session:
            tell(session, settings, run_id=run_id, now=now)
    except BaseException:
        traceback.print_exc()
        return 9
    return 0


def _die(owner: type, name: str, is_done: bool) -> None:
    method = getattr(owner, name)

    def dying(*arguments: Any, **options: Any) -> None:
        if is_done:
            method(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, dying)


if __name__ == "__main__":
    main(*json.loads(sys.argv[1]))
