"""One cycle beside dbt-duckdb on the same landing files: warm, cold and with nothing new.

A cycle is a poll of 1,000 streams, their users and games on 20 polls of history: ingested, built and checked. Ours is
`snowcast ingest twitch` and `snowcast build` of the Twitch tables, as a person types them; the peer is a plain DuckDB
load of the landing files that ours wrote and `dbt build` of tests/bench/dbt_cycle/. Both run in turn, one round after
the other, and at the end the tables are compared.

Warm: `snowcast up` before, so services and the resident worker are there. Cold: everything stopped (`snowcast down`),
so the cycle's first command starts them. Nothing new: the build again. CPU is user and system time of the commands and
of everything that runs for the home: the Prefect server, the warehouse, the resident worker.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from rich.table import Table as Shown

from tests.bench.commands import wait_for_the_resident
from tests.bench.dbt_project import DbtProject

POLLS = 20
SCALE = "20000"  # streamers; enough that 1,000 are live at every hour
TARGETS = {"warm": 0.5, "cold": 1.0, "nothing new": 0.3}
_BUILD = ("build", "--select", "tag:twitch", "--select", "dim_date")
_COMPARED = {
    "stg_twitch_streams": "COUNT(*), SUM(viewer_count), MAX(snapshot_at)",
    "dim_streamers": "COUNT(*), MAX(streamer_key), COUNT(DISTINCT streamer_name)",
    "dim_games": "COUNT(*), MAX(game_id), COUNT(DISTINCT game_name)",
    "fact_stream_snapshots": "COUNT(*), SUM(hold_ms), SUM(minutes_live), MIN(stream_snapshot_key)",
    "fact_stream_days": "COUNT(*), SUM(viewer_ms), SUM(covered_ms), SUM(samples)",
    "fact_stream_sessions": "COUNT(*), SUM(viewer_ms), SUM(peak_viewers), MAX(peak_at)",
    "mart_concurrent_viewers": "COUNT(*), SUM(viewers), SUM(streams)",
    "mart_streamer_daily": "COUNT(*), SUM(viewer_ms), SUM(streams_started)",
    "mart_game_daily": "COUNT(*), SUM(viewer_ms), SUM(peak_viewers)",
    "mart_top_streamers": "COUNT(*), SUM(viewer_ms), SUM(streamer_rank)",
}
FOOTNOTE = """ratio: snowcast's seconds by dbt's, medians of rounds in turn. CPU counts the services of the home too.
dbt: no ledger, no quarantine, no reconciliation; late files are not read; polls loaded together are one version."""


class Spent(NamedTuple):
    """What a step took."""

    seconds: float
    cpu: float


Found = dict[tuple[str, str], list[Spent]]


class Home:
    """A home of ours with a folder of poll files.

    Args:
        folder: Where both go.
        settings: Environment of its commands, beside what they need.
    """

    def __init__(self, folder: Path, settings: dict[str, str] | None = None) -> None:
        self.settings = settings or {}
        self.home, self.files, self.log = folder / "home", folder / "files", folder / "command.log"

    @property
    def landing(self) -> Path:
        """Where its landing files are."""
        return self.home / "landing"

    def snowcast(self, *arguments: str) -> None:
        """Run a command; ends the bench where it fails."""
        process = self.started(*arguments)
        if process.wait():
            printed = self.log.read_text(encoding="utf-8")
            sys.exit(f"bench: snowcast {' '.join(arguments)} failed:\n{printed[-2000:]}")

    def started(self, *arguments: str) -> subprocess.Popen[str]:
        """A command that runs; what it prints goes to its log."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SNOWCAST_", "PREFECT_", "SNOWFLAKE_"))}
        told = {**kept, "SNOWCAST_HOME": str(self.home), "SNOWCAST_SANDBOX_SCALE": SCALE, **self.settings}
        command = [sys.executable, "-m", "flows.cli", *arguments]
        with self.log.open("w", encoding="utf-8") as log:
            return subprocess.Popen(command, env=told, stdout=log, stderr=subprocess.STDOUT, text=True)

    def generate(self, polls: int) -> list[Path]:
        """Write so many polls that end now; the folder of each, oldest first."""
        start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=15 * polls)
        whole = self.files / "all"
        self.snowcast("sandbox", "generate", "--out", str(whole), "--polls", str(polls), "--start", start.isoformat())
        for file in sorted(whole.iterdir()):
            poll = self.files / file.name.split("_")[1].split(".")[0]
            poll.mkdir(exist_ok=True)
            file.rename(poll / file.name)
        whole.rmdir()
        return sorted(self.files.iterdir())

    def gathered(self, polls: list[Path]) -> Path:
        """One folder with the files of several polls."""
        history = self.files / "history"
        history.mkdir()
        for poll in polls:
            shutil.move(poll, history / poll.name)
        return history

    def cycle(self, poll: Path) -> None:
        """Ingest a poll and build."""
        self.snowcast("ingest", "twitch", "--from-files", str(poll))
        self.snowcast(*_BUILD)

    def cpu(self) -> float:
        """CPU seconds of the processes that run for the home, and of their children that have ended."""
        return sum(_cpu_of(process) for process in _processes_of(self.home))

    def query(self, query: str) -> tuple[Any, ...]:
        """The first row of a query."""
        from snowflake.snowpark import Session

        from deployments.embedded import ensure_running

        endpoint = ensure_running(self.home)
        with Session.builder.configs(endpoint.connection_parameters()).create() as session:
            return tuple(session.sql(query).collect()[0])

    def answers(self) -> list[tuple[Any, ...]]:
        """What is compared, of our tables."""
        return [self.query(f"SELECT {what} FROM ANALYTICS.{_schema(name)}.{name}") for name, what in _COMPARED.items()]


def _schema(name: str) -> str:
    return "STAGING" if name.startswith("stg_") else "MARTS"


def _processes_of(home: Path) -> list[Path]:
    told = f"SNOWCAST_HOME={home}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = (
                told in (process / "environ").read_bytes() or os.fsencode(home) in (process / "cmdline").read_bytes()
            )
        except OSError:
            continue
        if is_ours:
            found.append(process)
    return found


def _cpu_of(process: Path) -> float:
    try:
        fields = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def _timed(work: Callable[[], Any], services: Callable[[], float]) -> Spent:
    """Seconds, and CPU seconds of ended children and of what the services used meanwhile."""
    began, before, children = time.perf_counter(), services(), _children_cpu()
    work()
    return Spent(time.perf_counter() - began, max(services() - before, 0.0) + _children_cpu() - children)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(runs: int) -> tuple[Shown, list[str]]:
    """Every setting by engine, and whether the tables are the same."""
    found: Found = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = Home(folder)
        polls = home.generate(POLLS + 2 * runs + 1)
        home.cycle(home.gathered(polls[:POLLS]))
        dbt = DbtProject(folder, home.landing)
        _peer_cycle(dbt)
        try:
            _rounds(home, dbt, polls[POLLS:], found)
            own = [tuple(map(str, row)) for row in home.answers()]
        finally:
            home.snowcast("down", "--force")
        remarks = [*_compared(own, dbt), f"dbt: {dbt.node_count()} nodes (models, snapshots, tests)"]
    return shown(found), remarks


def _peer_cycle(dbt: DbtProject) -> None:
    dbt.load()
    dbt.build()


def _rounds(home: Home, dbt: DbtProject, polls: list[Path], found: Found) -> None:
    """The first poll warms both up; then two a round."""
    home.snowcast("up")
    home.cycle(polls[0])
    _peer_cycle(dbt)
    for warm, cold in zip(polls[1::2], polls[2::2], strict=True):
        home.snowcast("up")
        wait_for_the_resident(home.home)
        _both(home, dbt, found, "warm", warm)
        found["nothing new", "snowcast"].append(_timed(lambda: home.snowcast(*_BUILD), home.cpu))
        found["nothing new", "dbt"].append(_timed(dbt.build, lambda: 0.0))
        home.snowcast("down")
        _both(home, dbt, found, "cold", cold)


def _both(home: Home, dbt: DbtProject, found: Found, setting: str, poll: Path) -> None:
    found[setting, "snowcast"].append(_timed(lambda: home.cycle(poll), home.cpu))
    found[setting, "dbt"].append(_timed(lambda: _peer_cycle(dbt), lambda: 0.0))


def _compared(own: list[tuple[str, ...]], dbt: DbtProject) -> list[str]:
    remarks = []
    for (name, what), ours in zip(_COMPARED.items(), own, strict=True):
        (row,) = dbt.answers(f"SELECT {what} FROM main.{name}")
        theirs = tuple(map(str, row))
        if ours != theirs:
            remarks.append(f"{name}: NOT the same ({what}): {ours} and {theirs}")
    return remarks or [f"The numbers of {len(own)} tables are the same as dbt's."]


def shown(found: Found) -> Shown:
    """Ratios first."""
    table = Shown(title="A cycle beside dbt-duckdb: 20 polls of history, one more; medians, seconds (CPU seconds)")
    for name in ("cycle", "ratio", "target", "ratio of CPU", "snowcast", "dbt"):
        table.add_column(name, justify="left" if name == "cycle" else "right")
    for setting, target in TARGETS.items():
        ours, dbt = (_median(found[setting, engine]) for engine in ("snowcast", "dbt"))
        ratios = f"{ours.seconds / dbt.seconds:.2f}", f"≤ {target}", f"{ours.cpu / dbt.cpu:.2f}"
        table.add_row(setting, *ratios, *(f"{each.seconds:.1f} ({each.cpu:.1f})" for each in (ours, dbt)))
    return table


def _median(each: list[Spent]) -> Spent:
    return Spent(median(one.seconds for one in each), median(one.cpu for one in each))
