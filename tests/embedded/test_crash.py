"""kill -9 of the server in the middle of a change: afterwards the table holds all of it or none of it."""

from __future__ import annotations

import contextlib
import gzip
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deployments.embedded import ensure_running, find, stop

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

# The connector's own timer tries to cancel the statement on the server that is no more.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")

ROWS = 600_000
MERGE = """
    MERGE INTO target USING source ON target.id = source.id
    WHEN MATCHED THEN UPDATE SET value = source.value, note = source.note
    WHEN NOT MATCHED THEN INSERT (id, value, note) VALUES (source.id, source.value, source.note)
"""
COUNTS = "SELECT COUNT(*), COUNT_IF(value = 0), COUNT_IF(value = 1) FROM target"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    stop(tmp_path / "home")


def connect(home: Path) -> SnowflakeConnection:
    import snowflake.connector

    return snowflake.connector.connect(**ensure_running(home).connection_parameters(), network_timeout=20)


def run(connection: SnowflakeConnection, *statements: str) -> list[tuple[object, ...]]:
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
    return [tuple(row) for row in cursor.fetchall()]


def kill_during(home: Path, connection: SnowflakeConnection, statement: str, after: float) -> bool:
    """Kill the server while it runs the statement; True if the statement had ended before."""
    ended = threading.Event()

    def work() -> None:
        with contextlib.suppress(Exception):
            connection.cursor().execute(statement)
            ended.set()

    working = threading.Thread(target=work, daemon=True)
    working.start()
    time.sleep(after)
    endpoint = find(home)
    assert endpoint is not None
    was_over = ended.is_set()
    os.kill(endpoint.pid, signal.SIGKILL)
    while find(home):
        time.sleep(0.01)
    return was_over


def duration(connection: SnowflakeConnection, statement: str) -> float:
    began = time.monotonic()
    run(connection, "BEGIN", statement, "ROLLBACK")
    return time.monotonic() - began


@pytest.mark.supports("kill -9 during a MERGE: all of it or none of it")
def test_a_kill_during_merge_leaves_all_or_none(home: Path) -> None:
    connection = connect(home)
    run(
        connection,
        "CREATE TABLE tens AS SELECT column1 AS n FROM VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)",
        "CREATE TABLE source AS SELECT a.n + 10*b.n + 100*c.n + 1000*d.n + 10000*e.n + 100000*f.n AS id, 1 AS value, "
        "MD5(id::VARCHAR) AS note FROM tens a, tens b, tens c, tens d, tens e, tens f "
        f"WHERE id < {ROWS}",
        f"CREATE TABLE target AS SELECT id, 0 AS value, MD5(note) AS note FROM source WHERE id < {ROWS // 2}",
    )
    seconds = duration(connection, MERGE)
    none, whole = (ROWS // 2, ROWS // 2, 0), (ROWS, 0, ROWS)
    interrupted = 0
    for share in (0.2, 0.5, 0.8, 0.95):
        was_over = kill_during(home, connection, MERGE, after=seconds * share)
        connection = connect(home)
        counts = run(connection, COUNTS)[0]
        assert counts in ([whole] if was_over else [none, whole])
        interrupted += counts == none
        run(connection, f"DELETE FROM target WHERE id >= {ROWS // 2}", "UPDATE target SET value = 0")
    assert interrupted >= 1
    assert run(connection, MERGE) == [(ROWS // 2, ROWS // 2)]


@pytest.mark.supports("kill -9 in an open transaction: nothing of it is there, what was committed before is")
def test_a_kill_in_a_transaction_leaves_what_was_committed(home: Path) -> None:
    connection = connect(home)
    run(
        connection,
        "CREATE TABLE kept AS SELECT 1 AS a",
        "BEGIN",
        "INSERT INTO kept VALUES (2)",
        "UPDATE kept SET a = a + 10",
    )
    endpoint = find(home)
    assert endpoint is not None
    os.kill(endpoint.pid, signal.SIGKILL)
    assert run(connect(home), "SELECT a FROM kept") == [(1,)]


@pytest.mark.supports("kill -9 during a COPY: all of it or none of it; the stage files are there and load once")
def test_a_kill_during_copy_leaves_all_or_none(home: Path, tmp_path: Path) -> None:
    rows = 150_000
    file = tmp_path / "records.ndjson.gz"
    with gzip.open(file, "wt", compresslevel=1) as lines:
        lines.writelines(f'{{"id": {number}, "name": "n{number}"}}\n' for number in range(rows))
    copy = (
        "COPY INTO loaded (record, source_file) FROM (SELECT $1, METADATA$FILENAME FROM @landing) "
        "FILE_FORMAT = (TYPE = JSON)"
    )
    connection = connect(home)
    run(
        connection,
        "CREATE TABLE loaded (record VARIANT, source_file VARCHAR)",
        "CREATE STAGE landing",
        f"PUT file://{file} @landing/day AUTO_COMPRESS = FALSE",
    )
    seconds = duration(connection, copy)
    interrupted = 0
    for share in (0.3, 0.7, 0.95):
        was_over = kill_during(home, connection, copy, after=seconds * share)
        connection = connect(home)
        assert len(run(connection, "LIST @landing")) == 1
        count = run(connection, "SELECT COUNT(*) FROM loaded")[0][0]
        assert count in ([rows] if was_over else [0, rows])
        if count == rows:
            break
        interrupted += 1
    assert interrupted >= 1
    run(connection, copy)
    run(connection, copy)
    assert run(connection, "SELECT COUNT(*), COUNT(DISTINCT record:id::INT) FROM loaded") == [(rows, rows)]
