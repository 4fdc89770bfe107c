"""Publishes again and again, each time in a process of its own that may be killed: settings as JSON, then lines in.

For each line on standard input a child publishes; its process id is printed at once, and `ended` with how it ended.
Children are forked from a process that has imported everything, so that a test need not wait for that 20 times.
"""

from __future__ import annotations

import json
import os
import sys
import traceback

from flows.errors import SnowcastError
from flows.publish_to.amplitude.publish import publish
from flows.reporting import report_to
from flows.settings import load_settings
from flows.warehouse import open_session
from tests.publish.conftest import Silent


def main(settings: dict[str, object], out: int) -> None:
    report_to(Silent())
    for number, _ in enumerate(sys.stdin):
        child = os.fork()
        if child == 0:
            os._exit(_publish(settings, f"run_{number}"))
        os.write(out, f"{child}\n".encode())
        _, status = os.waitpid(child, 0)
        os.write(out, f"ended {os.waitstatus_to_exitcode(status)}\n".encode())


def _publish(given: dict[str, object], run_id: str) -> int:
    settings = load_settings(**given)
    try:
        with open_session(settings) as session:
            published = publish(session, settings, run_id=run_id)
    except SnowcastError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except BaseException:
        traceback.print_exc()
        return 9
    return 0 if not published.waiting else 10


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.stdout.fileno())
