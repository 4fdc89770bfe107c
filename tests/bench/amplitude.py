"""A large hour out of the Export API: memory of the process that exports it, and rows a second beside plain DuckDB.

A server in a process of its own makes the archive while it sends it: json.gz files of about 50 MB each in a zip, of
events as the sandbox's apps send them, each with a uuid of its own. The client lands the hour and loads it into the
embedded warehouse, in a process whose resident memory is read before it begins and at its highest. Plain DuckDB reads
the landing file of that hour, keeps each record as JSON in a table and counts them by type; it takes out no personal
data, knows no ledger and checks nothing.

    python -m tests.bench.amplitude MEGABYTES     (the exporting process, started by `measured`)
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rich.table import Table

HOUR = datetime(2026, 11, 20, 10, tzinfo=UTC)
MOST_MEBIBYTES = 500
_MEMBER_BYTES = 50_000_000
FOOTNOTE = f"""memory: highest resident set of the client over what it was before; {MOST_MEBIBYTES} MiB are allowed.
export: answers spooled, unpacked, personal data taken out, landed; load: PUT, COPY, ledgers, in the client's time."""


class _Counted:
    """What is sent, as a file that a zip is written to and nothing is sought in."""

    def __init__(self, send: Any) -> None:
        self._send, self._sent = send, 0

    def write(self, content: bytes) -> int:
        self._send(content)
        self._sent += len(content)
        return len(content)

    def flush(self) -> None:
        pass


class _Handler(BaseHTTPRequestHandler):
    """Answers every request with the archive of one hour."""

    megabytes = 0

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        with zipfile.ZipFile(_Counted(self.wfile.write), "w") as archive:  # type: ignore[call-overload]
            for number, member in enumerate(_members(self.megabytes * 1_000_000)):
                archive.writestr(f"1/1_{HOUR:%Y-%m-%d}_{HOUR.hour}#{number}.json.gz", member)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged."""


def _members(size: int) -> Iterator[bytes]:
    """json.gz files that unpack to about so many bytes together."""
    from deployments.sandbox.amplitude.export import ProductEvents
    from deployments.sandbox.world.timestamps import epoch
    from deployments.sandbox.world.world import World

    events, first = ProductEvents(World(scale=200)), epoch(HOUR) // 3600
    records = [record for hour in range(first - 24, first) for record in events.of_hour(hour)]
    parts = [json.dumps(record).split(record["uuid"]) for record in records]
    number = made = 0
    while made < size:
        lines, length = [], 0
        while length < min(_MEMBER_BYTES, size - made):
            before, after = parts[number % len(parts)][:2]
            lines.append(f"{before}{number:032x}{after}\n")
            length += len(lines[-1])
            number += 1
        made += length
        yield gzip.compress("".join(lines).encode(), compresslevel=1)


def measured(megabytes: int) -> Table:
    """The client on an hour of so many megabytes, and on a tenth of it, beside DuckDB on the same records."""
    table = Table(title="An export hour of Amplitude, made on the fly")
    for name in ("JSON", "events", "memory", "export", "load", "events a second", "plain DuckDB"):
        table.add_column(name, justify="right")
    for size in (megabytes // 10, megabytes):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "tests.bench.amplitude", str(size)]
            done = subprocess.run(
                command, env={**os.environ, "BENCH_HOME": folder}, capture_output=True, text=True, check=False
            )
            if done.returncode:
                sys.exit(f"bench: the export failed:\n{done.stderr[-2000:]}")
            found = json.loads(done.stdout.strip().splitlines()[-1])
            plain = _by_duckdb(Path(folder) / "landing", found["events"])
        seconds = found["export"] + found["load"]
        table.add_row(
            f"{size:,} MB",
            f"{found['events']:,}",
            f"{found['memory'] / 1024:,.0f} MiB",
            f"{found['export']:.1f} s",
            f"{found['load']:.1f} s",
            f"{found['events'] / seconds:,.0f}",
            f"{found['events'] / plain:,.0f}",
        )
    return table


def _by_duckdb(folder: Path, events: int) -> float:
    import duckdb

    began = time.perf_counter()
    files = f"{folder}/amplitude/events/*/*/*/*.gz"
    with duckdb.connect(str(folder / "plain.duckdb")) as connection:
        connection.execute(
            f"CREATE TABLE events AS SELECT json AS record FROM read_json_objects('{files}', "
            "format = 'newline_delimited', maximum_object_size = 20000000)"
        )
        counts = connection.execute("SELECT record ->> 'event_type', COUNT(*) FROM events GROUP BY 1").fetchall()
    assert sum(count for _, count in counts) == events
    return time.perf_counter() - began


def main(megabytes: int, home: Path) -> None:
    """Export and load the hour in this process, and print what it took."""
    with subprocess.Popen(
        [sys.executable, "-c", f"from tests.bench.amplitude import serve; serve({megabytes})"],
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout
            found = _export(home, f"http://127.0.0.1:{server.stdout.readline().strip()}")
            sys.stdout.write(json.dumps(found) + "\n")
        finally:
            server.kill()


def serve(megabytes: int) -> None:
    """Serve the archive and print the port."""
    _Handler.megabytes = megabytes
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    threading.Thread(target=server.serve_forever).start()


def _export(home: Path, url: str) -> dict[str, float]:
    from pydantic import SecretStr
    from snowflake.snowpark import Session

    from deployments.embedded import ensure_running, stop
    from flows.sources.amplitude.client import ExportClient, Project
    from flows.sources.amplitude.export import Exporter
    from flows.sources.amplitude.hours import Asked
    from flows.sources.amplitude.personal import PersonalData
    from tests.sources.amplitude import HourLedger, Warehouse

    endpoint = ensure_running(home)
    try:
        session = Session.builder.configs(endpoint.connection_parameters("BENCH")).create()
        warehouse = Warehouse(session, "BENCH", home / "landing")
        warehouse.create()
        ledger = HourLedger(session, "BENCH", warehouse.root, "bench")
        project = Project("bench", url, SecretStr("key"), SecretStr("secret"))
        idle, began = _memory("VmRSS"), time.perf_counter()
        with ExportClient(project, home) as client:
            exporter = Exporter(client, ledger, warehouse.root, PersonalData(("email",), SecretStr("key")))
            exported = exporter.export(ledger.due(HOUR + timedelta(hours=3), 1, Asked()), 1)
        assert not exported.reports(), exported.reports()
        landed = time.perf_counter()
        report = warehouse.load()
        loaded = time.perf_counter()
        assert report.rows_loaded == exported.events > 0
        session.close()
    finally:
        stop(home)
    used = {"export": landed - began, "load": loaded - landed}
    return {"events": exported.events, "memory": _memory("VmHWM") - idle, **used}


def _memory(name: str) -> int:
    """A figure of this process's memory, in KiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith(f"{name}:")).split()[1])


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(os.environ["BENCH_HOME"]))
