"""A bulk backfill of stream samples, files to facts: `snowcast ingest` and `snowcast build`, beside plain DuckDB.

Files are Helix listings, one of 10,000 streams per poll. Ours lands, loads, stages, checks and builds
fact_stream_snapshots and fact_stream_sessions with their ledgers and reconciliation. By hand, four statements in one
process read the same files into a raw table, type them and compute the same facts; nothing is checked. Memory is the
highest resident set of any of our commands, measured at a tenth of the samples and at all of them: flat is 1.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from rich.table import Table as Shown

from tests.bench.peer import Home

PER_POLL = 10_000
TARGET = 1.5
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_PER_STREAM = 24  # polls that a stream is live
_COMMANDS = (
    ("ingest", "twitch", "--from-files"),
    (
        "build",
        "--select",
        "stg_twitch_streams",
        "--select",
        "fact_stream_snapshots",
        "--select",
        "int_stream_observations",
        "--select",
        "fact_stream_sessions",
    ),
)
_TOTALS = (
    "SELECT (SELECT COUNT(*) FROM {facts}.fact_stream_snapshots), "
    "(SELECT SUM(hold_ms) FROM {facts}.fact_stream_snapshots), "
    "(SELECT SUM(viewer_ms) FROM {facts}.fact_stream_sessions), (SELECT COUNT(*) FROM {facts}.fact_stream_sessions)"
)
FOOTNOTE = """plain DuckDB: no landing files, no ledger, no quarantine, no reconciliation, no rules."""
_FIELDS = {
    "id": "CAST({epoch} * {per_poll} + i AS VARCHAR)",
    "user_id": "'u' || i",
    "user_login": "'login_' || i",
    "user_name": "'Name ' || i",
    "game_id": "CAST(i % 290 AS VARCHAR)",
    "game_name": "'Game ' || (i % 290)",
    "type": "'live'",
    "title": "'a title of stream ' || i",
    "viewer_count": "CAST((i * 7 + {poll}) % 5000 AS INT)",
    "started_at": "'{started}'",
    "language": "'en'",
    "thumbnail_url": "'https://example.com/{{width}}x{{height}}.jpg'",
    "tags": "['English']",
    "is_mature": "FALSE",
}
_PLAIN = (
    """CREATE TABLE raw AS SELECT json AS record, filename AS source_file,
        epoch_ms(CAST(regexp_extract(filename, '_([0-9]{{13}})', 1) AS BIGINT)) AS snapshot_at
        FROM read_json_objects('{files}/*.json', format = 'array', filename = TRUE)""",
    """CREATE TABLE staged AS SELECT record ->> 'id' AS stream_id, snapshot_at, record ->> 'user_id' AS streamer_id,
        md5('twitch:' || (record ->> 'user_id')) AS streamer_key, record ->> 'user_login' AS streamer_login,
        record ->> 'user_name' AS streamer_name, record ->> 'game_id' AS game_id, record ->> 'game_name' AS game_name,
        record ->> 'type' AS stream_type, record ->> 'title' AS title,
        TRY_CAST(record ->> 'viewer_count' AS BIGINT) AS viewer_count,
        TRY_CAST(record ->> 'started_at' AS TIMESTAMP) AS started_at, record ->> 'language' AS language,
        record ->> 'thumbnail_url' AS thumbnail_url, record -> 'tags' AS tags,
        TRY_CAST(record ->> 'is_mature' AS BOOLEAN) AS is_mature FROM raw
        QUALIFY row_number() OVER (PARTITION BY stream_id, snapshot_at ORDER BY viewer_count DESC) = 1""",
    """CREATE TABLE fact_stream_snapshots AS SELECT md5(stream_id || ':' || snapshot_at) AS stream_snapshot_key,
        stream_id, streamer_key, streamer_id, game_id, snapshot_at, viewer_count, title, language, started_at,
        date_diff('minute', started_at, snapshot_at) AS minutes_live, lead(snapshot_at) OVER of_stream AS next_at,
        CASE WHEN next_at IS NULL THEN 0 ELSE least(date_diff('millisecond', snapshot_at, next_at), 2700000) END
        AS hold_ms FROM staged WINDOW of_stream AS (PARTITION BY stream_id ORDER BY snapshot_at)""",
    """CREATE TABLE fact_stream_sessions AS SELECT stream_id, max_by(streamer_key, snapshot_at) AS streamer_key,
        min(started_at) AS started_at, min(snapshot_at) AS first_seen_at, max(snapshot_at) AS last_seen_at,
        count(*) AS samples, max(viewer_count) AS peak_viewers, min_by(snapshot_at, (-viewer_count, snapshot_at))
        AS peak_at, sum(viewer_count * hold_ms) AS viewer_ms, sum(hold_ms) AS covered_ms
        FROM fact_stream_snapshots GROUP BY stream_id""",
)


class Backfill(NamedTuple):
    """Seconds by command, seconds by hand, the highest resident set of a command in MB, what both facts hold."""

    seconds: dict[str, float]
    by_hand: float
    peak_mb: float
    totals: tuple[tuple[Any, ...], tuple[Any, ...]]


def write_files(folder: Path, samples: int) -> None:
    """Write the polls that hold so many samples."""
    folder.mkdir(parents=True)
    with duckdb.connect() as duck:
        for poll in range(samples // PER_POLL):
            epoch = poll // _PER_STREAM
            started = _BEGIN + timedelta(minutes=15 * _PER_STREAM * epoch)
            told = {"epoch": epoch, "poll": poll, "per_poll": PER_POLL, "started": f"{started:%Y-%m-%dT%H:%M:%SZ}"}
            fields = ", ".join(f"{value.format(**told)} AS {name}" for name, value in _FIELDS.items())
            at = int((_BEGIN + timedelta(minutes=15 * poll)).timestamp() * 1000)
            duck.execute(
                f"COPY (SELECT {fields} FROM range({PER_POLL}) AS numbered(i)) "
                f"TO '{folder / f'streams_{at}.json'}' (FORMAT json, ARRAY true)"
            )


def measured(samples: int) -> Shown:
    """A tenth of the samples, then all of them."""
    tenth, whole = (_backfilled(count) for count in (samples // 10, samples))
    shown = Shown(title=f"Backfill of {samples:,} stream samples, files to facts")
    for name in ("what", f"{samples // 10:,}", f"{samples:,}"):
        shown.add_column(name, justify="left" if name == "what" else "right")
    both = (tenth, whole)
    shown.add_row(
        f"snowcast ÷ plain DuckDB (target ≤ {TARGET})", *(f"{_ratio(each):.2f}" for each in both), style="bold"
    )
    shown.add_row("client's memory by that at a tenth", "", f"{whole.peak_mb / tenth.peak_mb:.2f}", style="bold")
    for name in whole.seconds:
        shown.add_row(f"snowcast {name}, s", *(f"{each.seconds[name]:.1f}" for each in both))
    shown.add_row("plain DuckDB, s", *(f"{each.by_hand:.1f}" for each in both))
    shown.add_row("client's peak, MB", *(f"{each.peak_mb:.0f}" for each in both))
    shown.add_row(
        "facts alike", *("yes" if each.totals[0] == each.totals[1] else f"NO: {each.totals}" for each in both)
    )
    return shown


def _ratio(each: Backfill) -> float:
    return sum(each.seconds.values()) / each.by_hand


def _backfilled(samples: int) -> Backfill:
    with tempfile.TemporaryDirectory() as name:
        # Commands of their own, whose memory is looked at.
        home, files = Home(Path(name), {"SNOWCAST_RESIDENT": "false"}), Path(name) / "polls"
        write_files(files, samples)
        seconds, peaks = {}, []
        try:
            home.snowcast("up")
            for command in _COMMANDS:
                told = (*command, str(files)) if command[0] == "ingest" else command
                began = time.perf_counter()
                peaks.append(_peak_mb(home, told))
                seconds[command[0]] = time.perf_counter() - began
            own = home.query(_TOTALS.format(facts="ANALYTICS.MARTS"))
        finally:
            home.snowcast("down", "--force")
        by_hand, totals = _by_hand(Path(name) / "plain.db", files)
    return Backfill(seconds, by_hand, max(peaks), (own, totals))


def _peak_mb(home: Home, command: tuple[str, ...]) -> float:
    """Run a command; the highest resident set of its own, which `wait4` takes for no less than that of its parent."""
    process, peak = home.started(*command), 0
    while process.poll() is None:
        with suppress(OSError):  # it has ended meanwhile
            held = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            peak = max([peak, *[int(line.split()[1]) for line in held.splitlines() if line.startswith("VmHWM")]])
        time.sleep(0.1)
    if process.returncode:
        printed = home.log.read_text(encoding="utf-8")
        sys.exit(f"bench: snowcast {' '.join(command)} ended with {process.returncode}:\n{printed[-2000:]}")
    return peak / 1024


def _by_hand(file: Path, files: Path) -> tuple[float, tuple[Any, ...]]:
    with duckdb.connect(str(file)) as duck:
        began = time.perf_counter()
        for statement in _PLAIN:
            duck.execute(statement.format(files=files))
        seconds = time.perf_counter() - began
        (row,) = duck.execute(_TOTALS.format(facts="main")).fetchall()
    return seconds, tuple(int(value) for value in row)
