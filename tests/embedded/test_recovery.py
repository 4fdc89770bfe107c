"""Names of databases, homes and files: nothing that a statement does keeps the warehouse from starting."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from snowflake.connector.errors import Error

from deployments.embedded import EmbeddedError, Endpoint, ensure_running, stop
from deployments.embedded.process.paths import WarehousePaths
from tests.embedded.files import refusal, run

ODD_NAMES = (
    *("a;b", "a/b", "../outside", "a'b", 'a""b', "a b", "a.b", "a\\b", "a\tb", "ö", "", " ", "*", "?", "[a]", "%41"),
    *("select", "order", "table", "CON.db", "x" * 300, "_fs_global", "_FS_GLOBAL", "memory", "system", "temp", "main"),
)
TAKEN_NAMES = ("PLAIN", '"lower"', "_X", "A$B", "A1", "X" * 200)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    stop(tmp_path / "home")


def statements(endpoint: Endpoint, *texts: str) -> list[tuple[object, ...]]:
    """The rows of the last of some statements, sent by one login."""
    import snowflake.connector

    with snowflake.connector.connect(**endpoint.connection_parameters()) as connection:
        return [run(connection, text) for text in texts][-1]


@pytest.mark.supports("CREATE, DROP and USE DATABASE of any name: done, or refused by name; the warehouse starts again")
def test_odd_names_of_databases(home: Path) -> None:
    import snowflake.connector

    endpoint = ensure_running(home)
    with snowflake.connector.connect(**endpoint.connection_parameters()) as connection:
        for name in ODD_NAMES:
            for statement in ("CREATE DATABASE", "CREATE OR REPLACE DATABASE", "USE DATABASE", "DROP DATABASE"):
                assert refusal(connection, f'{statement} "{name}"').errno not in {None, 261000}, (statement, name)
        for name in TAKEN_NAMES:
            run(connection, f"CREATE DATABASE {name}")
            run(connection, f"CREATE TABLE {name}.PUBLIC.t AS SELECT 1 AS a")
            assert refusal(connection, f"CREATE DATABASE {name}").errno == 2002
        assert {path.name for path in WarehousePaths(home).databases.glob("*.db")} == {
            "ANALYTICS.db",
            *(f"{name.strip(chr(34))}.db" for name in TAKEN_NAMES),
        }
    stop(home)
    again = ensure_running(home)
    for name in TAKEN_NAMES:
        assert statements(again, f"SELECT a FROM {name}.PUBLIC.t") == [(1,)]
        statements(again, f"CREATE OR REPLACE DATABASE {name}", f"USE DATABASE {name}", "CREATE TABLE t (a INT)")
        statements(again, f"DROP DATABASE {name}")
    assert not list(home.parent.rglob("outside*"))


@pytest.mark.supports("CREATE, USE and DROP SCHEMA with quoted names of any kind")
def test_odd_names_of_schemas(home: Path) -> None:
    endpoint = ensure_running(home)
    for name in ("a;b", "a'b", "a b", "a.b", "select", "lower"):
        texts = (f'CREATE SCHEMA "{name}"', f'USE SCHEMA "{name}"', "CREATE TABLE t AS SELECT 1 AS a")
        statements(endpoint, *texts)
        assert statements(endpoint, f'SELECT a FROM "{name}".t') == [(1,)]
    stop(home)
    assert statements(ensure_running(home), 'SELECT a FROM "a;b".t') == [(1,)]


def test_what_has_the_same_name_in_other_letters_is_neither_replaced_nor_dropped(home: Path) -> None:
    """On Snowflake `"t"` is not T; DuckDB finds one for the other."""
    import snowflake.connector

    with snowflake.connector.connect(**ensure_running(home).connection_parameters()) as connection:
        run(connection, "CREATE SCHEMA s")
        for made in ("TABLE t AS SELECT 1 AS a", "VIEW v AS SELECT 1 AS a", "SEQUENCE q START 7"):
            run(connection, f"CREATE {made}")
        for kind, name in (
            ("DATABASE", "analytics"),
            ("SCHEMA", "s"),
            ("TABLE", "t"),
            ("VIEW", "v"),
            ("SEQUENCE", "q"),
        ):
            what = {"TABLE": " (a INT)", "VIEW": " AS SELECT 2 AS a"}.get(kind, "")
            assert refusal(connection, f'DROP {kind} "{name}"').errno == 2003, kind
            assert refusal(connection, f'CREATE OR REPLACE {kind} "{name}"{what}').errno == 2, kind
        run(connection, "USE SCHEMA ANALYTICS.S")
        assert run(connection, "SELECT t.a, v.a, q.NEXTVAL FROM t JOIN v ON v.a = t.a") == [(1, 1, 7)]


@pytest.mark.supports("a login that names a database or schema which cannot be is refused by name")
def test_odd_names_at_login(home: Path) -> None:
    import snowflake.connector

    endpoint = ensure_running(home)
    for database in ("A/B", "../A", "a;b", "_fs_global", '"a""b"', "'"):
        with pytest.raises(Error) as refused:
            snowflake.connector.connect(**endpoint.connection_parameters(database))
        assert "HTTP" not in str(refused.value)
    with snowflake.connector.connect(**endpoint.connection_parameters("ANALYTICS", "a;b'c")) as connection:
        run(connection, "CREATE TABLE t (a INT)")
    assert [path.name for path in WarehousePaths(home).databases.glob("*.db")] == ["ANALYTICS.db"]


@pytest.mark.parametrize("name", ["it's", "a b;c", 'quo"te', "ünïcode", "%41$HOME", "[x]*"])
@pytest.mark.supports("a home with an apostrophe, blanks or any other letters in its path")
def test_odd_homes(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    landed = tmp_path / "rows.csv"
    landed.write_text("1\n2\n")
    try:
        endpoint = ensure_running(home)
        load = (
            "CREATE DATABASE other",
            "CREATE TABLE t (a INT)",
            "CREATE STAGE s",
            f"PUT 'file://{landed}' @s",
            "COPY INTO t FROM @s",
            "COPY INTO @s/out FROM t",
        )
        statements(endpoint, *load)
        stop(home)
        assert statements(ensure_running(home), "SELECT COUNT(*) FROM other.PUBLIC.t") == [(2,)]
    finally:
        stop(home)


@pytest.mark.supports("a damaged database file: the start fails in one line that names the file and the way out")
def test_a_damaged_file_is_told(home: Path) -> None:
    statements(ensure_running(home), "CREATE DATABASE other", "CREATE TABLE t AS SELECT 1 AS a")
    stop(home)
    file = WarehousePaths(home).databases / "OTHER.db"
    whole = file.read_bytes()
    for damaged in (b"", b"not a database" * 1000, whole[:5000], whole[:100] + b"\0" * 5000 + whole[5100:]):
        file.write_bytes(damaged)
        with pytest.raises(EmbeddedError) as told:
            ensure_running(home)
        assert str(file) in str(told.value)
        assert "move it and its .wal file away" in str(told.value)
        assert "\n" not in str(told.value)
    file.rename(file.with_suffix(".away"))
    assert statements(ensure_running(home), "SELECT 1") == [(1,)]


@pytest.mark.supports("a kill in CREATE DATABASE leaves no file that cannot be opened")
def test_an_unfinished_file_is_removed(home: Path) -> None:
    ensure_running(home)
    stop(home)
    unfinished = WarehousePaths(home).databases / "_unfinished"
    unfinished.write_bytes(b"cut off")
    assert statements(ensure_running(home), "CREATE DATABASE other", "SELECT 1") == [(1,)]
    assert not unfinished.exists()


@pytest.mark.supports("a file that is no database of this warehouse is left alone")
def test_a_stray_file_is_left_alone(home: Path) -> None:
    ensure_running(home)
    stop(home)
    stray = WarehousePaths(home).databases / "a;b.db"
    stray.write_bytes(b"left by an earlier version")
    assert statements(ensure_running(home), "SELECT 1") == [(1,)]
    assert stray.read_bytes() == b"left by an earlier version"


@pytest.mark.supports("every file is 0600 and every folder 0700, whatever the umask and whoever made the home")
def test_files_are_closed_to_others(home: Path, tmp_path: Path) -> None:
    landed = tmp_path / "rows.csv"
    landed.write_text("1\n")
    before = os.umask(0)
    try:
        home.mkdir(mode=0o777)
        endpoint = ensure_running(home)
        load = ("CREATE TABLE t (a INT)", "CREATE STAGE s", f"PUT 'file://{landed}' @s/deep/er", "COPY INTO t FROM @s")
        statements(endpoint, *load, "COPY INTO @s/out FROM t")
        assert open_to_others(home) == []
        stop(home)
        for path in (home / "warehouse").rglob("*"):
            path.chmod(0o777)
        ensure_running(home)
        assert open_to_others(home) == []
    finally:
        os.umask(before)


def open_to_others(home: Path) -> list[str]:
    return [str(path) for path in (home / "warehouse", *home.rglob("*")) if stat.S_IMODE(path.stat().st_mode) & 0o077]


@pytest.mark.supports("the server's environment holds no variable that may be a secret of whoever starts it")
def test_the_server_has_its_own_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", "hunter2")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("MY_TOKEN", "hunter2")
    monkeypatch.setenv("PYTHONPATH", f"/nowhere{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    endpoint = ensure_running(home)
    environment = Path(f"/proc/{endpoint.pid}/environ").read_bytes()
    assert b"hunter2" not in environment
    assert b"/nowhere" in environment
