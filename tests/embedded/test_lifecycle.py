"""One background process per home: found, started, shared, stopped, and replaced when it is gone."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deployments.embedded import EmbeddedError, Endpoint, ensure_running, find, stop
from deployments.embedded.process.paths import WarehousePaths

if TYPE_CHECKING:
    from deployments.embedded.session.engine import Engine

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    stop(tmp_path / "home")


def one_value(endpoint: Endpoint, sql: str) -> object:
    import snowflake.connector

    with snowflake.connector.connect(**endpoint.connection_parameters()) as connection:
        row = connection.cursor().execute(sql).fetchone()
    assert isinstance(row, tuple)
    return row[0]


def wait_until_gone(pid: int, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def in_another_process(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_statements_spill_before_the_process_may_take_no_more(home: Path):
    pid = ensure_running(home).pid
    limits = Path(f"/proc/{pid}/limits").read_text(encoding="utf-8")
    (most,) = (int(line.split()[3]) for line in limits.splitlines() if line.startswith("Max data size"))
    (spilled_over,) = re.findall(r"spill over (\d+) MiB", WarehousePaths(home).log.read_text())
    assert most / 3 < int(spilled_over) * 2**20 < most / 2


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine in this process that may take 64 MiB."""
    from deployments.embedded.session.engine import Engine

    paths = WarehousePaths(tmp_path)
    for folder in (paths.databases, paths.stages, paths.spilled):
        folder.mkdir(parents=True)
    engine = Engine(paths, threads=1, spills_over=64 * 2**20)
    yield engine
    engine.close()


def test_what_needs_more_memory_spills_to_the_home(engine: Engine):
    query = "SELECT last(i) - first(i) FROM (SELECT i FROM range(12_000_000) AS numbers(i) ORDER BY hash(i))"
    assert engine.duck_conn.execute(query).fetchone()
    (limit,) = engine.duck_conn.execute("SELECT current_setting('memory_limit')").fetchone() or ()
    assert limit == "64.0 MiB"


def test_keys_of_few_rows_are_looked_for_in_a_few_row_groups_of_many(engine: Engine):
    """More rows than DuckDB would pack the keys of: where it does, the scan does not know what is looked for."""
    engine.duck_conn.execute(
        "CREATE TABLE t AS SELECT 's' || lpad((i // 1000)::TEXT, 7, '0') AS k, "
        "CASE WHEN i < 5_999_000 THEN 'old' ELSE 'new' END AS build FROM range(6_000_000) AS numbers(i)"
    )
    query = "EXPLAIN ANALYZE SELECT * FROM t WHERE k IN (SELECT k FROM t WHERE build = 'new')"
    ((_, plan),) = engine.duck_conn.execute(query).fetchall()
    scanned = re.findall(r"Row Groups Scanned: *(\d+) / (\d+)", plan)
    assert scanned == [("1", "49"), ("1", "49")], plan


START = """
import sys
from pathlib import Path
from deployments.embedded import ensure_running
print(ensure_running(Path(sys.argv[1])).pid)
"""
READ = """
import sys, snowflake.connector
from pathlib import Path
from deployments.embedded import find
endpoint = find(Path(sys.argv[1]))
with snowflake.connector.connect(**endpoint.connection_parameters()) as connection:
    print(connection.cursor().execute("SELECT SUM(a) FROM shared").fetchone()[0])
"""


@pytest.mark.supports("started on demand in the background, found again through the endpoint file")
def test_the_second_call_finds_what_the_first_started(home: Path) -> None:
    import snowflake.connector

    started = ensure_running(home)
    assert ensure_running(home) == started
    with snowflake.connector.connect(**started.connection_parameters()) as connection:
        connection.cursor().execute("CREATE TABLE T AS SELECT 1 AS A")
    assert "/pandas/" not in Path(f"/proc/{started.pid}/maps").read_text()  # half of its start, for nothing
    assert find(home) == started
    assert stop(home)
    assert find(home) is None
    assert not stop(home)


@pytest.mark.supports("the endpoint file is readable by its owner only; the secret is not in any repr")
def test_the_secret_is_kept(home: Path) -> None:
    endpoint = ensure_running(home)
    assert stat.S_IMODE(WarehousePaths(home).endpoint.stat().st_mode) == 0o600
    assert endpoint.secret not in repr(endpoint)
    assert endpoint.secret not in WarehousePaths(home).log.read_text()


@pytest.mark.supports("listens on 127.0.0.1 only")
def test_only_the_loopback_address_answers(home: Path) -> None:
    endpoint = ensure_running(home)
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if " 0A " in line]
    assert [address for address in listening if address.endswith(f":{endpoint.port:04X}")] == [
        f"0100007F:{endpoint.port:04X}"
    ]


@pytest.mark.supports("ten processes that start it at once leave one")
def test_ten_starters_leave_one_process(home: Path) -> None:
    starters = [in_another_process(START, str(home)) for _ in range(10)]
    pids = {starter.communicate(timeout=120)[0].strip() for starter in starters}
    endpoint = find(home)
    assert endpoint is not None
    assert pids == {str(endpoint.pid)}
    serving = [
        path
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.parent.exists() and f"--home\0{home}\0" in _text(path)
    ]
    assert len(serving) == 1


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""


@pytest.mark.supports("shared by processes: a second one reads what the first wrote")
def test_a_second_process_reads_what_the_first_wrote(home: Path) -> None:
    endpoint = ensure_running(home)
    one_value(endpoint, "CREATE TABLE shared AS SELECT 40 AS a UNION ALL SELECT 2")
    assert in_another_process(READ, str(home)).communicate(timeout=60)[0].strip() == "42"


@pytest.mark.supports("tables, views, comments and VARCHAR lengths survive a restart")
def test_a_restarted_server_sees_what_was_there(home: Path) -> None:
    import snowflake.connector

    with snowflake.connector.connect(**ensure_running(home).connection_parameters("OTHER", "S")) as connection:
        connection.cursor().execute("CREATE TABLE t (name VARCHAR(7), n INT)")
        connection.cursor().execute("INSERT INTO t VALUES ('x', 1)")
        connection.cursor().execute("CREATE VIEW v AS SELECT name FROM t WHERE n = 1")
    stop(home)
    restarted = ensure_running(home)
    assert one_value(restarted, "SELECT name FROM OTHER.S.v") == "x"
    length = "SELECT character_maximum_length FROM OTHER.information_schema.columns WHERE column_name = 'NAME'"
    assert one_value(restarted, f"{length} AND table_name = 'T'") == 7


@pytest.mark.parametrize("kind", ["dead process", "reused pid", "reused port", "half a file", "wrong secret"])
def test_a_stale_endpoint_file_is_replaced(home: Path, kind: str) -> None:
    paths = WarehousePaths(home)
    paths.create()
    with socket.create_server(("127.0.0.1", 0)) as other:
        stale = Endpoint("127.0.0.1", other.getsockname()[1], "old", os.getpid(), "2026-01-01T00:00:00+00:00")
        if kind == "dead process":
            stale = replace(stale, pid=_dead_pid())
        elif kind == "reused pid":
            stale = replace(stale, port=_free_port())
        elif kind == "wrong secret":
            stale = replace(ensure_running(home), secret="old")
            stop(home)
        stale.write(paths.endpoint)
        if kind == "half a file":
            paths.endpoint.write_text(paths.endpoint.read_text()[:20])
        other.close()
        endpoint = ensure_running(home)
    assert endpoint != stale
    assert one_value(endpoint, "SELECT 1") == 1
    assert json.loads(paths.endpoint.read_text())["pid"] == endpoint.pid


def _dead_pid() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert isinstance(port, int)
    return port


@pytest.mark.supports("a killed server is noticed and replaced")
def test_a_killed_server_is_replaced(home: Path) -> None:
    first = ensure_running(home)
    one_value(first, "CREATE TABLE t AS SELECT 1 AS a")
    os.kill(first.pid, signal.SIGKILL)
    assert wait_until_gone(first.pid)
    second = ensure_running(home)
    assert second.pid != first.pid
    assert one_value(second, "SELECT a FROM t") == 1


def test_a_lost_endpoint_file_does_not_lead_to_a_second_server(home: Path) -> None:
    first = ensure_running(home)
    WarehousePaths(home).endpoint.unlink()
    assert ensure_running(home) == first


@pytest.mark.supports("leaves after an idle time, but not during a statement or an open transaction")
def test_an_idle_server_leaves_and_a_busy_one_stays(home: Path) -> None:
    import snowflake.connector

    endpoint = ensure_running(home, idle_seconds=1)
    with snowflake.connector.connect(**endpoint.connection_parameters()) as connection:
        connection.cursor().execute("CREATE TABLE t (a INT)")
        connection.cursor().execute("BEGIN")
        connection.cursor().execute("INSERT INTO t VALUES (1)")
        time.sleep(2.5)
        connection.cursor().execute("COMMIT")
    assert wait_until_gone(endpoint.pid)
    assert not WarehousePaths(home).endpoint.exists()
    assert one_value(ensure_running(home), "SELECT COUNT(*) FROM t") == 1


@pytest.mark.supports("SIGTERM ends it in order: statements cancelled, transactions rolled back, files complete")
def test_sigterm_leaves_complete_files(home: Path) -> None:
    endpoint = ensure_running(home)
    one_value(endpoint, "CREATE TABLE t AS SELECT 1 AS a")
    os.kill(endpoint.pid, signal.SIGTERM)
    assert wait_until_gone(endpoint.pid)
    assert not list(WarehousePaths(home).databases.glob("*.wal"))
    assert not WarehousePaths(home).endpoint.exists()


def test_a_home_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(EmbeddedError, match="cannot write the embedded warehouse's folder") as error:
        ensure_running(blocked)
    assert "\n" not in str(error.value)


def test_a_damaged_database_file_is_named_in_one_line(home: Path) -> None:
    paths = WarehousePaths(home)
    paths.create()
    (paths.databases / "BROKEN.db").write_bytes(b"no database" * 1000)
    with pytest.raises(EmbeddedError, match=r"BROKEN\.db") as error:
        ensure_running(home)
    assert "\n" not in str(error.value)
