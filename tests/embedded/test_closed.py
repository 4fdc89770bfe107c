"""What a client cannot reach: files, the server's environment, settings, and what is not Snowflake's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from snowflake.connector.errors import Error

from tests.embedded.files import refusal, run

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

SECRET = "/proc/self/environ"
READERS = (
    f"read_text('{SECRET}')",
    f"read_blob('{SECRET}')",
    f"READ_TEXT('{SECRET}')",
    f"read_text/* a comment */('{SECRET}')",
    f"main.read_text('{SECRET}')",
    f"system.main.read_text('{SECRET}')",
    f"\"read_text\"('{SECRET}')",
    f"read_csv('{SECRET}')",
    f"read_csv_auto('{SECRET}')",
    f"read_parquet('{SECRET}')",
    f"parquet_scan('{SECRET}')",
    f"parquet_metadata('{SECRET}')",
    f"read_json('{SECRET}')",
    f"read_json_auto('{SECRET}')",
    f"read_ndjson_objects('{SECRET}')",
    f"sqlite_scan('{SECRET}', 't')",
    f"query('FROM read_text(''{SECRET}'')')",
    "query_table('t')",
    "glob('/*')",
    "duckdb_settings()",
    "duckdb_databases()",
    "duckdb_secrets()",
    "pragma_table_info('t')",
    "test_all_types()",
    "range(3)",
    "generate_series(1, 3)",
    "unnest([1, 2])",
)
AROUND = {
    "table function": "SELECT * FROM {reader}",
    "TABLE()": "SELECT * FROM TABLE({reader})",
    "quoted in FROM": "SELECT * FROM {reader} AS x",
    "scalar": "SELECT {reader}",
    "view": "CREATE VIEW v AS SELECT * FROM {reader}",
    "CTAS": "CREATE TABLE u AS SELECT * FROM {reader}",
    "INSERT": "INSERT INTO t SELECT content FROM {reader}",
    "MERGE": "MERGE INTO t USING (SELECT content FROM {reader}) s ON t.a = s.content WHEN NOT MATCHED THEN INSERT "
    "VALUES (s.content)",
    "UPDATE": "UPDATE t SET a = (SELECT MAX(content) FROM {reader})",
    "DELETE": "DELETE FROM t WHERE a IN (SELECT content FROM {reader})",
    "CTE": "WITH c AS (SELECT * FROM {reader}) SELECT * FROM c",
    "subquery": "SELECT * FROM t WHERE EXISTS (SELECT 1 FROM {reader})",
    "join": "SELECT * FROM t CROSS JOIN {reader}",
    "lateral": "SELECT * FROM t, LATERAL {reader}",
    "variable": "SET x = (SELECT content FROM {reader})",
    "unload": "COPY INTO @~/out FROM (SELECT * FROM {reader})",
    "default": "CREATE TABLE w (a VARCHAR DEFAULT {reader})",
}
STATEMENTS = (
    f"SELECT * FROM '{SECRET}'",
    f"FROM '{SECRET}'",
    f'SELECT * FROM "{SECRET}"',
    "FROM t",
    "WITH c AS (SELECT 1 AS a) FROM c",
    "SELECT * FROM (FROM t)",
    "CREATE TABLE x AS FROM t",
    "COPY t TO '/tmp/snowcast_copied.csv'",
    "COPY (SELECT 1) TO '/tmp/snowcast_copied.csv'",
    "COPY t FROM '/etc/passwd'",
    "COPY INTO '/tmp/snowcast_copied' FROM t",
    "COPY INTO 'file:///tmp/snowcast_copied' FROM t",
    "EXPORT DATABASE '/tmp/snowcast_exported'",
    "IMPORT DATABASE '/tmp/snowcast_exported'",
    "ATTACH '/tmp/snowcast_attached.db' AS other",
    "ATTACH ':memory:' AS other",
    "DETACH _fs_global",
    "INSTALL httpfs",
    "LOAD httpfs",
    "CHECKPOINT",
    "FORCE CHECKPOINT",
    "VACUUM",
    "ANALYZE t",
    "SUMMARIZE t",
    "PRAGMA database_list",
    "PRAGMA threads = 1",
    "PRAGMA enable_external_access",
    "RESET enable_external_access",
    "SET GLOBAL enable_external_access = true",
    "SET threads TO 1",
    "SELECT current_setting('threads')",
    "SELECT getenv('HOME')",
    "SELECT getvariable('x'), version()",
    "CREATE MACRO f(x) AS x",
    "CREATE SECRET s (TYPE s3)",
    "CREATE TYPE mood AS ENUM ('sad')",
    "CALL pragma_version()",
    "EXECUTE IMMEDIATE 'SELECT 1'",
    "PREPARE p AS SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "SELECT * FROM _fs_global._fs_information_schema._fs_stages",
    "DELETE FROM _fs_global._fs_information_schema._fs_tables_ext",
    "DROP TABLE _fs_global._fs_information_schema._fs_tables_ext",
    "CREATE TABLE memory.main.t (a INT)",
    "CREATE SCHEMA _fs_global.x",
    "DROP SCHEMA _fs_information_schema",
    "DROP SCHEMA main",
    "USE DATABASE _fs_global",
    'USE DATABASE "_fs_global"',
    "USE SCHEMA _fs_global.main",
    'DROP DATABASE "_fs_global"',
    "DROP DATABASE system",
    "DROP DATABASE memory",
    "CREATE OR REPLACE DATABASE _fs_global",
    "CREATE DATABASE temp",
    "SELECT * FROM duckdb_tables",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM pg_catalog.pg_tables",
    "SELECT 1::HUGEINT",
    "SELECT 1::UBIGINT",
    "SELECT CAST(NULL AS UUID)",
    "CREATE TABLE w (a INT128)",
    "SELECT list_value(1)",
    "SELECT strftime(CURRENT_DATE, '%Y')",
    "SELECT COLUMNS('.*') FROM t",
    "SELECT read_text(a) FROM t",
    "SELECT t.a.read_text() FROM t",
    "SELECT _fs_global.main.sf_text(1)",
)


@pytest.fixture
def table(connection: SnowflakeConnection) -> SnowflakeConnection:
    run(connection, "CREATE TABLE t (a VARCHAR)")
    run(connection, "INSERT INTO t VALUES ('one')")
    return connection


def answered(connection: SnowflakeConnection, statements: Iterable[str]) -> dict[str, object]:
    """The statements that were not refused by an error of Snowflake's, with what they gave."""
    given: dict[str, object] = {}
    for statement in statements:
        try:
            given[statement] = run(connection, statement)
        except Error as error:
            if error.errno in {None, -1, 261000}:
                given[statement] = error
    return given


@pytest.mark.supports(
    "functions, types and statements that Snowflake does not have are refused by name wherever they stand; no file, "
    "setting or environment variable of the server can be reached"
)
def test_foreign_functions_are_refused(table: SnowflakeConnection) -> None:
    statements = [
        statement.format(reader=reader)
        for around, statement in AROUND.items()
        for reader in (READERS if around in {"table function", "TABLE()", "scalar"} else READERS[:3])
    ]
    assert answered(table, statements) == {}


def test_foreign_statements_are_refused(table: SnowflakeConnection) -> None:
    assert answered(table, STATEMENTS) == {}
    assert not list(Path("/tmp").glob("snowcast_*"))
    assert run(table, "SELECT a FROM t") == [("one",)]


def test_the_name_of_what_is_refused_is_told(table: SnowflakeConnection) -> None:
    assert "READ_TEXT" in str(refusal(table, f"SELECT * FROM read_text('{SECRET}')").msg)
    assert refusal(table, "SELECT list_value(1)").errno == 2140
    assert refusal(table, "FROM t").errno == 1003
    assert "INT128" in str(refusal(table, "SELECT 1::HUGEINT").msg)


def test_a_name_is_a_table_and_never_a_file(table: SnowflakeConnection, warehouse_home: Path, tmp_path: Path) -> None:
    """Not even one of the folders that DuckDB may open: those of the stages."""
    (tmp_path / "in.csv").write_text("a\n1\n")
    run(table, f"PUT file://{tmp_path}/in.csv @~/names AUTO_COMPRESS = FALSE")
    (staged,) = (warehouse_home / "warehouse" / "stages").rglob("names/in.csv")
    for name in (
        str(staged),
        f"{staged.parent}/*.csv",
        f"{staged.parent}/../names/in.csv",
        "in.csv",
        "s3://b/in.parquet",
    ):
        for read in ('FROM "{}"', "FROM IDENTIFIER('\"{}\"')", 'FROM t JOIN "{}" ON TRUE', 'FROM PUBLIC."{}"'):
            assert refusal(table, f"SELECT 1 {read.format(name)}").errno == 2003
        assert refusal(table, f'DELETE FROM t USING "{name}" f WHERE TRUE').errno == 2003
        assert refusal(table, f'CREATE TABLE u AS SELECT * FROM "{name}"').errno == 2003
    whole, folder = str(staged.with_suffix("")), str(staged.parent)
    for parts in ((whole, "csv"), (folder + "/", "in.csv"), (folder + "/in", "csv", ""), (folder, "/in", "csv")):
        name = ".".join(f'"{part}"' for part in parts if part)
        assert refusal(table, f"SELECT * FROM {name}").errno == 2003
    run(table, 'CREATE TABLE "in.csv" (n INT)')
    run(table, 'INSERT INTO "in.csv" VALUES (1)')
    run(table, 'UPDATE "in.csv" SET n = 2')
    run(table, 'CREATE VIEW "v.json" AS SELECT n FROM "in.csv"')
    assert run(table, 'SELECT "in.csv".n, v.n FROM "in.csv" JOIN "v.json" v ON v.n = "in.csv".n') == [(2, 2)]
    run(table, 'DROP TABLE "in.csv"')


def test_names_like_those_of_functions_are_taken(table: SnowflakeConnection) -> None:
    run(table, "CREATE TABLE read_text (glob INT, range INT)")
    run(table, "INSERT INTO read_text (glob, range) VALUES (1, 2)")
    assert run(
        table, "WITH duckdb_x (range) AS (SELECT 3) SELECT r.glob, r.range, d.range FROM read_text r, duckdb_x d"
    ) == [(1, 2, 3)]
