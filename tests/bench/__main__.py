"""`make bench`: the embedded warehouse, a 15-minute cycle, histories and questions of streams, beside dbt and DuckDB.

A cycle is a poll of 1,000 streams, their users and games, up to the validated marts. Cold is a fresh home with nothing
running: services start, tables are made. Warm is the next cycle of that home. With history, so many polls of the same
platform are loaded and built before. Figures are medians of several cycles; every cycle is a process of its own, as
the scheduler starts it. What else is measured says the module of each kind: commands.py, peer.py, far.py, backfill.py,
flat.py, history.py, streams.py, activity.py, amplitude.py, samples.py, pages.py.

    python -m tests.bench [--only warehouse commands cycle peer far backfill flat history activity amplitude samples
        pages memory] [--home PATH] [--runs 3] [--polls 10 1000] [--samples 10000000] [--refreshes 500]
        [--keys 100000 1000000 5000000] [--events 1000000 10000000] [--megabytes 2000] [--messages 100000]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import (
    activity,
    amplitude,
    backfill,
    commands,
    far,
    flat,
    history,
    pages,
    peer,
    samples,
    streams,
    warehouse,
)

PARTS = ("start", "extract", "load", "build", "validate")
SCALE = "20000"  # streamers; enough that 1,000 are live at every hour
console = Console()


def environment(home: Path) -> dict[str, str]:
    """The environment of a cycle: its home and nothing of the caller's Snowcast or Prefect."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("SNOWCAST_", "PREFECT_", "SNOWFLAKE_"))
    }
    return {**kept, "SNOWCAST_HOME": str(home), "SNOWCAST_SANDBOX_SCALE": SCALE, "SNOWCAST_SANDBOX_FIRST_POLLS": "1"}


def cycle(home: Path) -> dict[str, Any]:
    """Run one cycle; its seconds and statements by part."""
    told = {**environment(home), "BENCH_BEGAN": str(time.time())}
    command = [sys.executable, "-m", "tests.bench.cycle", str(home)]
    done = subprocess.run(command, env=told, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"bench: a cycle failed:\n{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def snowcast(home: Path, *arguments: str) -> float:
    """Run a snowcast command; its seconds."""
    began = time.time()
    command = [sys.executable, "-m", "flows.cli", *arguments]
    done = subprocess.run(command, env=environment(home), capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"bench: snowcast {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return time.time() - began


def load_history(home: Path, polls: int) -> None:
    """Write polls that end an hour ago as files, ingest and build them."""
    files = home.parent / f"files-{polls}"
    start = datetime.now(UTC) - timedelta(minutes=15 * polls + 60)
    written = snowcast(
        home,
        "sandbox",
        "generate",
        "--out",
        str(files),
        "--polls",
        str(polls),
        "--start",
        f"{start:%Y-%m-%dT%H:%M:%SZ}",
    )
    loaded = snowcast(home, "ingest", "twitch", "--from-files", str(files))
    built = snowcast(home, "build")
    console.print(
        f"  {polls:,} polls of history: written {written:.0f} s, ingested {loaded:.0f} s, built {built:.0f} s"
    )
    shutil.rmtree(files, ignore_errors=True)


def cycles(runs: int, histories: list[int], root: Path) -> dict[str, list[dict[str, Any]]]:
    """The cycles of every setting."""
    found: dict[str, list[dict[str, Any]]] = {"cold": [], "warm": []}
    for number in range(runs):
        home = root / f"cold-{number}" / "home"
        home.parent.mkdir(parents=True)
        found["cold"].append(cycle(home))
        found["warm"].append(cycle(home))
        snowcast(home, "down")
        console.print(f"  cold and warm cycle {number + 1} of {runs}")
    for polls in histories:
        home = root / f"history-{polls}" / "home"
        home.parent.mkdir(parents=True)
        load_history(home, polls)
        found[f"after {polls:,} polls"] = [cycle(home) for _ in range(runs)]
        snowcast(home, "down")
    return found


def shown(found: dict[str, list[dict[str, Any]]]) -> Table:
    """Medians side by side."""
    table = Table(title="One cycle: 1,000 streams, their users and games; medians, seconds (SQL statements)")
    table.add_column("part")
    for name in found:
        table.add_column(name, justify="right")
    for part in PARTS:
        table.add_row(part, *[_cell(cycles, part) for cycles in found.values()])
    table.add_row("whole", *[_whole(cycles) for cycles in found.values()], style="bold")
    return table


def _cell(cycles: list[dict[str, Any]], part: str) -> str:
    seconds = median(each["seconds"].get(part, 0.0) for each in cycles)
    count = median(each["statements"].get(part, 0) for each in cycles)
    return f"{seconds:.1f} ({count:.0f})"


def _whole(cycles: list[dict[str, Any]]) -> str:
    seconds = median(sum(each["seconds"].values()) for each in cycles)
    count = median(sum(each["statements"].values()) for each in cycles)
    return f"{seconds:.1f} ({count:.0f})"


def measure_costs(options: argparse.Namespace) -> None:
    """Measure what a cycle costs beside dbt, a backfill beside DuckDB, and what grows with history."""
    if "peer" in options.only:
        beside, remarks = peer.measured(options.runs)
        console.print(beside, *remarks, peer.FOOTNOTE, sep="\n", soft_wrap=True)
    if "far" in options.only:
        console.print(far.measured(options.runs), far.FOOTNOTE, sep="\n", soft_wrap=True)
    if "backfill" in options.only:
        console.print(backfill.measured(options.samples), backfill.FOOTNOTE, sep="\n", soft_wrap=True)
    if "flat" in options.only:
        console.print(flat.measured(options.samples, options.runs), flat.FOOTNOTE, sep="\n", soft_wrap=True)
        console.print(flat.measured_history(options.runs))


def measure_sources(options: argparse.Namespace) -> None:
    """Measure what is asked for of large hours of an export, and of messages of a topic."""
    if "amplitude" in options.only:
        console.print(amplitude.measured(options.megabytes), amplitude.FOOTNOTE, sep="\n", soft_wrap=True)
    if "samples" in options.only:
        console.print(samples.measured(options.messages), samples.FOOTNOTE, sep="\n", soft_wrap=True)


def measure_pages(options: argparse.Namespace) -> None:
    """Measure how fast pages of the dashboard open, and its memory."""
    if "pages" in options.only:
        for table in pages.measured(options.samples, options.runs, options.home):
            console.print(table)
        console.print(pages.FOOTNOTE, soft_wrap=True)
    if "memory" in options.only:
        console.print(pages.measured_memory(options.refreshes, options.home))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = (
        "warehouse",
        "commands",
        "cycle",
        "peer",
        "far",
        "backfill",
        "flat",
        "history",
        "activity",
        "amplitude",
        "samples",
        "pages",
        "memory",
    )
    parser.add_argument("--only", nargs="+", choices=kinds, default=kinds, help="what to measure; default: all")
    parser.add_argument("--runs", type=int, default=3, help="medians of so many runs")
    parser.add_argument("--polls", type=int, nargs="*", default=[10, 1000], help="polls loaded before a cycle")
    parser.add_argument(
        "--keys", type=int, nargs="*", default=[100_000, 1_000_000, 5_000_000], help="current keys of a history"
    )
    parser.add_argument("--events", type=int, nargs="*", default=[1_000_000, 10_000_000], help="events of a stream")
    parser.add_argument(
        "--samples", type=int, default=10_000_000, help="samples of backfill and of the large history of flat and pages"
    )
    parser.add_argument("--megabytes", type=int, default=2_000, help="JSON of an export hour of Amplitude")
    parser.add_argument("--messages", type=int, default=100_000, help="stream samples out of a topic")
    parser.add_argument("--refreshes", type=int, default=500, help="refreshes of the live page that memory is held to")
    parser.add_argument(
        "--home", type=Path, help="a home after `snowcast run` for pages and memory; default: a new one"
    )
    options = parser.parse_args()
    console.print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if "warehouse" in options.only:
        console.print(warehouse.measured(options.runs))
    if "commands" in options.only:
        with tempfile.TemporaryDirectory() as folder:
            told = environment(Path(folder))
        console.print(commands.measured(options.runs, told))
        console.print(commands.FOOTNOTE, soft_wrap=True)
    if "cycle" in options.only:
        with tempfile.TemporaryDirectory() as folder:
            found = cycles(options.runs, options.polls, Path(folder))
        console.print(shown(found))
    measure_costs(options)
    measure_sources(options)
    measure_pages(options)
    if "history" in options.only:
        for keys in options.keys:
            writes, remarks = history.measured(keys, options.runs)
            console.print(history.shown(keys, options.runs, writes))
            console.print(*remarks, sep="\n", soft_wrap=True)
        console.print(history.FOOTNOTE, soft_wrap=True)
    if "activity" in options.only:
        flat, remarks = streams.flatness(max(options.events), options.runs)
        console.print(flat, *remarks, sep="\n", soft_wrap=True)
        for events in options.events:
            built, remarks = streams.measured(events)
            console.print(built, *remarks, sep="\n", soft_wrap=True)
        console.print(streams.FOOTNOTE, soft_wrap=True)
        for events in options.events:
            answers, remarks = activity.measured(events, options.runs)
            console.print(answers, *remarks, sep="\n", soft_wrap=True)
        console.print(activity.FOOTNOTE, soft_wrap=True)


if __name__ == "__main__":
    main()
