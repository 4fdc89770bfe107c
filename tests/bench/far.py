"""The cycle of peer.py on a warehouse that is far away, beside dbt-snowflake with four threads on the same warehouse.

A proxy (delay.py) keeps every request to the embedded warehouse back for 150 ms; ours and dbt both connect through
it, ours with four workers. dbt's landing files are put on a stage and copied by the connector, through the proxy too.
History is loaded and built without the delay. Requests are counted: each is a round trip.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from rich.table import Table as Shown

from tests.bench.dbt_project import ENTITIES, DbtProject
from tests.bench.peer import POLLS, Home

SECONDS = 0.15
THREADS = 4
TARGET = 0.7
_DATABASE, _SCHEMA = "DBT", "CYCLE"
_LOGIN = ("account", "user", "password", "host", "port", "protocol", "warehouse", "role")
_SNAPSHOT = re.compile(r"_(\d{8}T\d{6})\d{3}Z_")
FOOTNOTE = "round trips: requests that the proxy kept back, of the whole cycle with its logins."


class FarDbtProject(DbtProject):
    """The project on a Snowflake warehouse.

    Args:
        folder: Where a copy of it goes.
        landing: The landing root whose files are loaded.
        parameters: Where the warehouse is and how to log in.
    """

    def __init__(self, folder: Path, landing: Path, parameters: dict[str, Any]) -> None:
        super().__init__(folder, landing)
        self.parameters, self.loaded = parameters, set[Path]()
        with self._connected() as execute:
            execute(f"CREATE DATABASE IF NOT EXISTS {_DATABASE}")
            for schema in ("RAW", _SCHEMA):
                execute(f"CREATE SCHEMA IF NOT EXISTS {_DATABASE}.{schema}")
            for entity in ENTITIES:
                execute(f"CREATE STAGE IF NOT EXISTS {_DATABASE}.RAW.{entity}_stage")
                execute(
                    f"CREATE TABLE {_DATABASE}.RAW.{entity} "
                    "(record VARIANT, snapshot_at TIMESTAMP_NTZ, source_file VARCHAR, source_row INT)"
                )

    def load(self) -> float:
        """Put and copy the landing files that are not loaded; seconds."""
        began = time.perf_counter()
        with self._connected() as execute:
            for entity in ENTITIES:
                new = sorted(set(self.landing.glob(f"twitch/{entity}/**/*.ndjson.gz")) - self.loaded)
                for file in new:
                    self._copy(execute, entity, file)
                self.loaded.update(new)
        return time.perf_counter() - began

    def build(self) -> float:
        """As DbtProject.build; the profile is told the port of the moment."""
        output = {"type": "snowflake", "threads": THREADS, "database": _DATABASE, "schema": _SCHEMA}
        self.use({"far": {**output, **{name: self.parameters[name] for name in _LOGIN}}})
        return super().build()

    def _copy(self, execute: Callable[[str], Any], entity: str, file: Path) -> None:
        stage = f"@{_DATABASE}.RAW.{entity}_stage"
        found = _SNAPSHOT.search(file.name)
        assert found
        at = datetime.strptime(found[1], "%Y%m%dT%H%M%S")  # noqa: DTZ007 - UTC, stored without zone
        execute(f"PUT 'file://{file}' {stage} AUTO_COMPRESS = FALSE")
        execute(
            f"COPY INTO {_DATABASE}.RAW.{entity} (record, snapshot_at, source_file, source_row) FROM "
            f"(SELECT $1, '{at}'::TIMESTAMP_NTZ, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER FROM {stage}) "
            f"FILES = ('{file.name}') FILE_FORMAT = (TYPE = JSON)"
        )

    @contextmanager
    def _connected(self) -> Iterator[Callable[[str], Any]]:
        import snowflake.connector

        with snowflake.connector.connect(**self.parameters) as connection:
            yield connection.cursor().execute


@contextmanager
def delayed(port: int) -> Iterator[tuple[int, Callable[[], int]]]:
    """A proxy in front of the port: the port that it listens on, and how many requests it has kept back."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as count:
        command = [sys.executable, "-m", "tests.bench.delay", str(port), "--count", count.name]
        proxy = subprocess.Popen([*command, "--seconds", str(SECONDS)], stdout=subprocess.PIPE, text=True)
        assert proxy.stdout
        try:
            yield int(proxy.stdout.readline()), lambda: os.stat(count.name).st_size
        finally:
            proxy.terminate()
            proxy.wait()


def measured(runs: int) -> Shown:
    """So many cycles of each, in turn."""
    from deployments.embedded import ensure_running

    seconds: dict[str, list[float]] = defaultdict(list)
    requests: dict[str, list[int]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        home = Home(Path(name))
        polls = home.generate(POLLS + runs)
        try:
            home.snowcast("up")
            home.cycle(home.gathered(polls[:POLLS]))
            endpoint = ensure_running(home.home)
            dbt = FarDbtProject(Path(name), home.landing, endpoint.connection_parameters(_DATABASE))
            dbt.load()
            dbt.build()
            with delayed(endpoint.port) as (port, count):
                home.settings.update(_as_account({**endpoint.connection_parameters(), "port": port}))
                dbt.parameters["port"] = port
                for poll in polls[POLLS:]:
                    works = {"snowcast": lambda poll=poll: home.cycle(poll), "dbt": lambda: (dbt.load(), dbt.build())}
                    for engine, work in works.items():
                        began, before = time.perf_counter(), count()
                        work()
                        seconds[engine].append(time.perf_counter() - began)
                        requests[engine].append(count() - before)
            home.settings.clear()
        finally:
            home.snowcast("down", "--force")
    return shown(seconds, requests)


def _as_account(parameters: dict[str, Any]) -> dict[str, str]:
    """The settings with which ours logs in there as in any account."""
    named = {f"SNOWFLAKE_{name.upper()}": str(parameters[name]) for name in _LOGIN}
    return {"SNOWCAST_WAREHOUSE": "snowflake", "SNOWCAST_WORKERS": str(THREADS), **named}


def shown(seconds: dict[str, list[float]], requests: dict[str, list[int]]) -> Shown:
    """The ratio first."""
    table = Shown(title=f"A warm cycle {SECONDS * 1000:.0f} ms from the warehouse, beside dbt-snowflake; medians")
    for name in ("what", "ratio", "target", "snowcast", "dbt-snowflake"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for name, found, target in (("seconds", seconds, f"≤ {TARGET}"), ("round trips", requests, "")):
        ours, dbt = (median(found[engine]) for engine in ("snowcast", "dbt"))  # type: ignore[type-var]
        table.add_row(name, f"{ours / dbt:.2f}", target, f"{ours:.1f}", f"{dbt:.1f}")
    return table
