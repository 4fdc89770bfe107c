"""The pages of the dashboard: how long one takes to open, beside its statements by the plain connector; and its memory.

A page is drawn by Streamlit in this process with nothing cached, in turn with its own statements sent one after the
other by the connector, each read to its last row. The ratio is what pages, frames and charts add. In Chromium, where
there is one, the same page is opened at `snowcast dashboard`: from the address to the last chart. Twice: of the large
history of flat.py, and of a home after one `snowcast run`.

Memory: one visitor's live page is drawn again so often, while more and more is written, so that its statements are sent
anew each second; resident memory of the server early and at the end.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from rich.table import Table as Shown

from deployments.dashboard.warming import visiting
from tests.bench import flat
from tests.browser import CHROMIUM, opened_browser, wait_until_drawn

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = ("live", "streamers", "games", "growth", "revenue", "product", "operations")
TARGETS = {"a run": 2.0, "history": 4.0}
FLAT = 1.1
EARLY = 50  # refreshes after which caches are filled
FOOTNOTE = "opened: in Chromium, from the address to the last chart; nothing cached but the login."


class Recorded:
    """A connection that remembers what it is sent.

    Args:
        connection: Of the connector.
        sent: Where statements go, with their parameters.
    """

    def __init__(self, connection: Any, sent: list[tuple[str, Any]]) -> None:
        self._connection, self._sent = connection, sent

    def cursor(self) -> Any:
        """A cursor that remembers."""
        cursor = self._connection.cursor()
        execute = cursor.execute

        def remembered(statement: str, parameters: Any = None) -> Any:
            self._sent.append((statement, parameters))
            return execute(statement, parameters)

        cursor.execute = remembered
        return cursor

    def close(self) -> None:
        """Log out."""
        self._connection.close()


def measured(samples: int, runs: int, home: Path | None) -> Iterator[Shown]:
    """Every page of a home after a run, then of so many samples of history.

    Args:
        samples: Snapshots of streams of the large history.
        runs: Medians of so many.
        home: A home after a run; None: a new one.
    """
    from deployments.embedded import ensure_running, stop

    with _after_a_run(home) as folder:
        yield _shown("a run", "after one run", _measure(folder, "ANALYTICS", runs))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "history"
        endpoint = ensure_running(folder)
        try:
            history = flat.open_histories(endpoint, samples)
            history.fill()
            history.session.close()
            yield _shown("history", f"of {samples:,} snapshots", _measure(folder, history.database, runs))
        finally:
            stop(folder)


def measured_memory(refreshes: int, home: Path | None) -> Shown:
    """Resident memory of the server while a visitor's live page is drawn again so often, with something new each time.

    Args:
        refreshes: How often.
        home: A home after a run; None: a new one.
    """
    table = Shown(title=f"Memory of the dashboard over {refreshes:,} refreshes of the live page")
    early = min(EARLY, refreshes // 2)
    for name in ("what", "ratio", "target", f"after {early}, MB", f"after {refreshes}, MB", "s of CPU a refresh"):
        table.add_column(name, justify="left" if name == "what" else "right")
    with (
        _after_a_run(home) as folder,
        _serving(folder, "ANALYTICS", refresh_seconds=1) as (address, process),
        _writing(folder, "ANALYTICS") as write,
        visiting(address) as open_page,
    ):
        found, begun = {}, 0.0
        for count in range(1, refreshes + 1):
            write()
            open_page("")
            if count in (early, refreshes):
                found[count] = _megabytes(process)
            if count == early:
                begun = _cpu_seconds(process)
        cost = (_cpu_seconds(process) - begun) / (refreshes - early)
    ratio = found[refreshes] / found[early]
    shown = (f"{ratio:.2f}", f"≤ {FLAT}", f"{found[early]:.0f}", f"{found[refreshes]:.0f}", f"{cost:.2f}")
    table.add_row("resident memory", *shown)
    return table


@contextmanager
def _writing(home: Path, database: str) -> Iterator[Callable[[], None]]:
    """What writes a row of a ledger, so that the cache is void; the rows are deleted at the end."""
    import snowflake.connector

    from deployments.embedded import ensure_running

    with snowflake.connector.connect(**ensure_running(home).connection_parameters(database)) as connection:
        row = "SELECT 'bench', 'bench', 'completed', SYSDATE(), SYSDATE()"

        def write() -> None:
            connection.cursor().execute(f"INSERT INTO OPS.RUNS (run_id, flow, state, started_at, ended_at) {row}")

        try:
            yield write
        finally:
            connection.cursor().execute("DELETE FROM OPS.RUNS WHERE run_id = 'bench'")


@contextmanager
def _after_a_run(home: Path | None) -> Iterator[Path]:
    """The home, or a new one after `snowcast run`, which is stopped at the end."""
    if home is not None:
        yield home
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "run"
        try:
            _snowcast(folder, "run")
            yield folder
        finally:
            _snowcast(folder, "down", "--force")


def _megabytes(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _measure(home: Path, database: str, runs: int) -> dict[str, tuple[float, float, int, float | None]]:
    """Per page: seconds drawn, seconds of its statements, how many these are, seconds opened in a browser."""
    from deployments.embedded import ensure_running

    parameters = {**ensure_running(home).connection_parameters(database), "paramstyle": "qmark"}
    opened = _open_in_browser(home, database, runs)
    return {page: (*_draw(page, parameters, runs), opened.get(page)) for page in PAGES}


def _draw(page: str, parameters: Mapping[str, Any], runs: int) -> tuple[float, float, int]:
    logging.disable(logging.WARNING)  # Streamlit misses its server, which the page is drawn without
    import snowflake.connector
    import streamlit
    from streamlit.testing.v1 import AppTest

    from deployments.dashboard import Access, hand_over

    sent: list[tuple[str, Any]] = []
    connection = snowflake.connector.connect(**parameters)
    hand_over(Access(lambda: Recorded(connection, sent), refresh_seconds=3600))
    drawn_in, sent_in = [], []
    for turn in range(runs + 1):  # the first warms up
        sent.clear()
        streamlit.cache_data.clear()
        test = AppTest.from_string(
            f"from deployments.dashboard.views import {page}\n{page}.draw()", default_timeout=600
        )
        began = time.perf_counter()
        found = test.run()
        between = time.perf_counter()
        if found.exception:
            raise RuntimeError(f"{page}: {found.exception[0].value}")
        for statement, given in list(sent):
            connection.cursor().execute(statement, given).fetchall()
        if turn:
            drawn_in.append(between - began)
            sent_in.append(time.perf_counter() - between)
    streamlit.cache_resource.clear()
    connection.close()
    return median(drawn_in), median(sent_in), len(sent)


def _open_in_browser(home: Path, database: str, runs: int) -> dict[str, float]:
    """Seconds until a page is drawn, by page; nothing without Chromium."""
    if CHROMIUM is None:
        return {}
    found: dict[str, list[float]] = {page: [] for page in PAGES}
    for _ in range(runs):  # with a server each, so that nothing is taken from its cache
        with _serving(home, database, refresh_seconds=600) as (address, _), _browsing() as page:
            page.goto(f"{address}explain")  # imports and logs in
            wait_until_drawn(page)
            for name in PAGES:
                began = time.perf_counter()
                page.goto(f"{address}{'' if name == 'live' else name}")
                wait_until_drawn(page)
                found[name].append(time.perf_counter() - began)
    return {name: median(seconds) for name, seconds in found.items()}


@contextmanager
def _browsing() -> Iterator[Page]:
    with opened_browser() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(600_000)
        yield page


@contextmanager
def _serving(home: Path, database: str, refresh_seconds: int) -> Iterator[tuple[str, int]]:
    """`snowcast dashboard` of a home: its address and process."""
    told = {**_environment(home), "SNOWCAST_DATABASE": database}
    told["SNOWCAST_DASHBOARD_REFRESH_SECONDS"] = str(refresh_seconds)
    command = [sys.executable, "-m", "flows.cli", "dashboard"]
    process = subprocess.Popen(command, env=told, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        found = re.search(r"http://127\.0\.0\.1:\d+/\S+/", process.stdout.readline())
        if found is None:
            raise RuntimeError("snowcast dashboard did not start")
        yield found[0], process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def _snowcast(home: Path, *command: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "flows.cli", *command], env=_environment(home), check=True, stdout=subprocess.DEVNULL
    )


def _environment(home: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("SNOWCAST_", "PREFECT_"))}
    return {**kept, "SNOWCAST_HOME": str(home)}


def _shown(kind: str, what: str, found: Mapping[str, Sequence[Any]]) -> Shown:
    table = Shown(title=f"Pages of the dashboard {what}; target ≤ {TARGETS[kind]} s; medians, seconds")
    for name in ("page", "drawn ÷ its SQL", "opened", "drawn", "its SQL", "statements"):
        table.add_column(name, justify="left" if name == "page" else "right")
    for page, (drawn_in, sent_in, count, opened) in found.items():
        in_browser = "–" if opened is None else f"{opened:.2f}"
        table.add_row(page, f"{drawn_in / sent_in:.1f}", in_browser, f"{drawn_in:.2f}", f"{sent_in:.2f}", str(count))
    return table
