"""One 15-minute cycle in a process of its own, timed by part: `python -m tests.bench.cycle HOME` prints it as JSON.

The parts are start (process, libraries, services), extract, load, build and validate. Each time between two reported
steps belongs to the step that ends it, so the parts add up to the whole.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

from flows.reporting import Mark

_PARTS = {"poll": "extract", "load": "load", "check": "validate", "build": "build", "validate": "validate"}


class Stopwatch:
    """A reporter that charges the time since the last step to the step that is done."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.last = time.time()

    def charge(self, part: str) -> None:
        now = time.time()
        self.seconds[part] += now - self.last
        self.last = now

    def show_progress(self, step: str, detail: str) -> None:
        """Only ends are timed."""

    def show_result(self, step: str, detail: str, mark: Mark = "ok") -> None:
        self.charge(_PARTS.get(step.split()[0], "build"))


def run_cycle(home: Path, began: float) -> dict[str, object]:
    """Run the pipeline with one poll; seconds and statements by part."""
    watch = Stopwatch()
    watch.last = began
    os.environ["SNOWCAST_HOME"] = str(home)
    from flows.cli.state import keep_logs
    from flows.reporting import report_to
    from flows.services.start import start_services
    from flows.settings import load_settings

    settings = load_settings()
    services = start_services(settings, sandbox=True)
    keep_logs(settings, verbose=False)
    from expectations.checks.tables import warm_up
    from flows.pipeline import pipeline

    warm_up()
    services.wait()
    watch.charge("start")
    report_to(watch)
    run = pipeline(polls=1)
    watch.charge("validate")  # Data Docs and the run's row
    return {"seconds": dict(watch.seconds), "statements": statements(settings, run.run_id)}


def statements(settings: object, run_id: str) -> dict[str, int]:
    """Statements of the run by part, from the warehouse's query history."""
    from flows.settings import Settings
    from flows.warehouse import open_session

    assert isinstance(settings, Settings)
    query = (
        "SELECT query_tag FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000)) "
        f"WHERE query_tag LIKE '%{run_id}%'"
    )
    with open_session(settings) as session:
        tags = [json.loads(row[0]) for row in session.sql(query).collect()]
    return dict(Counter(_PARTS.get(str(tag.get("step", "start")).split()[0], "start") for tag in tags))


if __name__ == "__main__":
    began = float(os.environ.get("BENCH_BEGAN", time.time()))
    print(json.dumps(run_cycle(Path(sys.argv[1]), began)))  # noqa: T201
