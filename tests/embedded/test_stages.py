"""Stages and their files: PUT, GET, LIST, REMOVE as the connector and Snowpark send them."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import snowflake.connector
from snowflake.connector.errors import ProgrammingError

from tests.embedded.files import put, run, write_gzip, write_ndjson, write_text

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.snowpark import Session

    from deployments.embedded import Endpoint


@pytest.fixture
def stage(connection: SnowflakeConnection) -> str:
    run(connection, "CREATE STAGE IF NOT EXISTS LANDING")
    return "@LANDING"


@pytest.mark.supports("PUT: AUTO_COMPRESS, SOURCE_COMPRESSION, subfolders, wildcards")
def test_put_compresses_unless_told_otherwise(connection: SnowflakeConnection, stage: str, tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", "1\n")
    write_text(tmp_path / "b.csv", "2\n")
    rows = run(connection, f"PUT 'file://{tmp_path}/*.csv' {stage}/in/deep")
    assert [(row[0], row[1], row[4], row[5], row[6]) for row in rows] == [
        ("a.csv", "a.csv.gz", "NONE", "GZIP", "UPLOADED"),
        ("b.csv", "b.csv.gz", "NONE", "GZIP", "UPLOADED"),
    ]
    write_gzip(tmp_path / "c.gz", b"3\n")
    assert put(connection, tmp_path / "c.gz", f"{stage}/in", "AUTO_COMPRESS=TRUE")[0][1] == "c.gz"
    assert put(connection, tmp_path / "a.csv", f"{stage}/in")[0][1] == "a.csv"
    names = [row[0] for row in run(connection, f"LIST {stage}")]
    assert names == ["landing/in/a.csv", "landing/in/c.gz", "landing/in/deep/a.csv.gz", "landing/in/deep/b.csv.gz"]


@pytest.mark.supports("PUT: OVERWRITE; a file that is there is SKIPPED and keeps its content")
def test_put_overwrites_only_when_told(connection: SnowflakeConnection, stage: str, tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.csv", "old\n")
    assert put(connection, path, stage)[0][6] == "UPLOADED"
    write_text(path, "new content\n")
    assert put(connection, path, stage)[0][6] == "SKIPPED"
    assert run(connection, f"LIST {stage}")[0][1] == 4
    assert put(connection, path, stage, "AUTO_COMPRESS=FALSE OVERWRITE=TRUE")[0][6] == "UPLOADED"
    assert run(connection, f"LIST {stage}")[0][1] == 12


@pytest.mark.differs("PUT of a wildcard where some files are there already says UPLOADED for all; those there are kept")
def test_put_of_a_wildcard_keeps_the_files_that_are_there(
    connection: SnowflakeConnection, stage: str, tmp_path: Path
) -> None:
    put(connection, write_text(tmp_path / "a.csv", "old\n"), stage)
    write_text(tmp_path / "a.csv", "changed\n")
    write_text(tmp_path / "b.csv", "b\n")
    put(connection, tmp_path / "*.csv", stage)
    assert [(row[0], row[1]) for row in run(connection, f"LIST {stage}")] == [
        ("landing/a.csv", 4),
        ("landing/b.csv", 2),
    ]


@pytest.mark.supports("LIST: size, MD5, PATTERN, path prefix")
def test_list_tells_size_and_digest(connection: SnowflakeConnection, stage: str, tmp_path: Path) -> None:
    path = write_ndjson(tmp_path / "x.ndjson.gz", [{"a": 1}])
    put(connection, path, f"{stage}/twitch")
    put(connection, write_text(tmp_path / "y.csv", "1\n"), f"{stage}/twitch")
    content = path.read_bytes()
    rows = run(connection, f"LIST {stage}/twitch PATTERN = '.*[.]gz'")
    assert [row[:3] for row in rows] == [("landing/twitch/x.ndjson.gz", len(content), hashlib.md5(content).hexdigest())]
    assert [row[0] for row in run(connection, f"LS {stage}/twitch/y")] == ["landing/twitch/y.csv"]


@pytest.mark.supports("REMOVE with PATTERN")
def test_remove_takes_what_matches(connection: SnowflakeConnection, stage: str, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        put(connection, write_text(tmp_path / name, "1\n"), stage)
    assert run(connection, f"REMOVE {stage} PATTERN='.*a[.]csv'") == [("landing/a.csv", "removed")]
    assert [row[0] for row in run(connection, f"LIST {stage}")] == ["landing/b.csv"]
    assert run(connection, f"RM {stage}/nothing") == []


@pytest.mark.supports("GET: a file, a folder, PATTERN")
def test_get_brings_the_files_back(connection: SnowflakeConnection, stage: str, tmp_path: Path) -> None:
    content = "x" * 100_000
    put(connection, write_text(tmp_path / "a.csv", content), f"{stage}/in")
    put(connection, write_text(tmp_path / "b.txt", "b"), f"{stage}/in")
    target = tmp_path / "out"
    target.mkdir()
    rows = run(connection, f"GET {stage}/in 'file://{target}/' PATTERN='.*csv'")
    assert rows == [("in/a.csv", 100_000, "DOWNLOADED", "")]
    assert (target / "a.csv").read_text() == content
    assert not (target / "b.txt").exists()


@pytest.mark.supports("user stage @~, table stages @%t, quoted and qualified stage names")
def test_every_kind_of_stage_takes_files(connection: SnowflakeConnection, database: str, tmp_path: Path) -> None:
    path = write_text(tmp_path / "a b.csv", "1\n")
    run(connection, "CREATE TABLE T (A INT)")
    run(connection, 'CREATE TABLE "my t" (A INT)')
    run(connection, f'CREATE STAGE {database}.PUBLIC."my stage"')
    user = f"@~/{database}"
    for stage in (user, "@%T", "@PUBLIC.%T", "'@%\"my t\"'", f'\'@{database}."PUBLIC"."my stage"/x\''):
        assert put(connection, path, stage)[0][6] in ("UPLOADED", "SKIPPED")
    assert [row[0] for row in run(connection, f"LIST {user}")] == [f"{database}/a b.csv"]
    assert [row[0] for row in run(connection, "LIST @%T")] == ["a b.csv"]
    assert [row[0] for row in run(connection, "LIST '@\"my stage\"'")] == ["my stage/x/a b.csv"]
    run(connection, f"REMOVE {user}")


@pytest.mark.supports("table stages end with their table")
def test_a_replaced_table_has_an_empty_stage(connection: SnowflakeConnection, tmp_path: Path) -> None:
    run(connection, "CREATE TABLE T (A INT)")
    put(connection, write_text(tmp_path / "a.csv", "1\n"), "@%T")
    run(connection, "CREATE OR REPLACE TABLE T (A INT)")
    assert run(connection, "LIST @%T") == []
    run(connection, "DROP TABLE T")
    with pytest.raises(ProgrammingError, match="does not exist or not authorized"):
        run(connection, "LIST @%T")


@pytest.mark.supports("CREATE STAGE: IF NOT EXISTS, OR REPLACE (empties it), TEMPORARY; DROP STAGE; DESCRIBE; SHOW")
def test_stages_are_created_and_dropped(connection: SnowflakeConnection, stage: str, tmp_path: Path) -> None:
    put(connection, write_text(tmp_path / "a.csv", "1\n"), stage)
    assert run(connection, "CREATE STAGE IF NOT EXISTS LANDING") == [("LANDING already exists, statement succeeded.",)]
    with pytest.raises(ProgrammingError, match="already exists") as twice:
        run(connection, "CREATE STAGE LANDING")
    assert twice.value.errno == 2002
    assert len(run(connection, f"LIST {stage}")) == 1
    assert "LANDING" in [row[1] for row in run(connection, "SHOW STAGES")]
    assert run(connection, "DESCRIBE STAGE LANDING")[0][0] == "STAGE_LOCATION"
    run(connection, "CREATE OR REPLACE STAGE LANDING")
    assert run(connection, f"LIST {stage}") == []
    run(connection, "DROP STAGE LANDING")
    with pytest.raises(ProgrammingError, match="does not exist or not authorized") as gone:
        run(connection, f"LIST {stage}")
    assert gone.value.errno == 2003
    assert run(connection, "DROP STAGE IF EXISTS LANDING")


@pytest.mark.supports("temporary stages and file formats end with their session")
def test_a_temporary_stage_is_seen_by_its_session_only(
    connection: SnowflakeConnection, connection_parameters: dict[str, Any], warehouse_home: Path, tmp_path: Path
) -> None:
    path = write_text(tmp_path / "a.csv", "1\n")
    with snowflake.connector.connect(**connection_parameters) as other:
        run(other, "CREATE SCOPED TEMPORARY STAGE S")
        put(other, path, "@S")
        assert len(run(other, "LIST @S")) == 1
        with pytest.raises(ProgrammingError, match="does not exist"):
            run(connection, "LIST @S")
    assert not any(file.name == "a.csv" for file in (warehouse_home / "warehouse" / "stages" / "temporary").rglob("*"))


@pytest.mark.supports("stages of a dropped schema go with it")
def test_a_dropped_schema_takes_its_stages(connection: SnowflakeConnection, tmp_path: Path) -> None:
    run(connection, "CREATE SCHEMA RAW")
    run(connection, "CREATE STAGE RAW.S")
    put(connection, write_text(tmp_path / "a.csv", "1\n"), "@RAW.S")
    run(connection, "DROP SCHEMA RAW")
    run(connection, "CREATE SCHEMA RAW")
    with pytest.raises(ProgrammingError, match="does not exist"):
        run(connection, "LIST @RAW.S")


@pytest.mark.parametrize("stage", ["@LANDING/../x", "@LANDING/a/../../x", "'@~/../../databases'"])
@pytest.mark.supports("a path that leaves its stage is refused")
def test_paths_stay_inside_the_stage(connection: SnowflakeConnection, stage: str, tmp_path: Path) -> None:
    run(connection, "CREATE STAGE IF NOT EXISTS LANDING")
    with pytest.raises(ProgrammingError, match="leaves the stage"):
        put(connection, write_text(tmp_path / "a.csv", "1\n"), stage)


@pytest.mark.supports("uploads only to addresses that PUT handed out")
def test_an_unsigned_upload_is_refused(endpoint: Endpoint) -> None:
    import httpx

    url = f"http://{endpoint.host}:{endpoint.port}/snowcast/stages/named/X/Y/Z/a.csv?overwrite=1&signature=guess"
    assert httpx.put(url, content=b"x").status_code == 403


@pytest.mark.supports("session.file.put, get, put_stream, get_stream")
def test_snowpark_moves_files(session: Session, tmp_path: Path) -> None:
    session.sql("CREATE STAGE S").collect()
    path = write_text(tmp_path / "a.csv", "1,ü\n")
    assert session.file.put(str(path), "@S/in", auto_compress=False)[0].status == "UPLOADED"
    assert session.file.put_stream(io.BytesIO(b"stream"), "@S/in/b.txt", auto_compress=False).status == "UPLOADED"
    assert session.file.get("@S/in/a.csv", str(tmp_path / "out"))[0].status == "DOWNLOADED"
    assert (tmp_path / "out" / "a.csv").read_text() == "1,ü\n"
    with session.file.get_stream("@S/in/b.txt") as stream:
        assert stream.read() == b"stream"


@pytest.mark.parametrize(
    ("statement", "feature"),
    [
        ("CREATE STAGE X URL = 's3://bucket/path' CREDENTIALS = (AWS_KEY_ID = 'k')", "CREDENTIALS"),
        ("ALTER STAGE LANDING SET COMMENT = 'x'", "ALTER STAGE"),
        ("COPY FILES INTO @LANDING FROM @~", "COPY FILES"),
    ],
)
@pytest.mark.differs("CREDENTIALS of stages, ALTER STAGE and COPY FILES are refused by name")
def test_what_stages_cannot_do_is_named(connection: SnowflakeConnection, statement: str, feature: str) -> None:
    with pytest.raises(ProgrammingError, match=feature):
        run(connection, statement)


@pytest.mark.supports("stages, their files, file formats and load history are there after a restart")
def test_a_restarted_warehouse_knows_its_files(tmp_path: Path) -> None:
    from deployments.embedded import ensure_running, stop

    home = tmp_path / "home"
    copy = "COPY INTO T FROM @S FILE_FORMAT = (FORMAT_NAME = 'J')"
    try:
        with snowflake.connector.connect(**ensure_running(home, idle_seconds=60).connection_parameters()) as first:
            run(first, "CREATE STAGE S")
            run(first, "CREATE FILE FORMAT J TYPE = JSON")
            run(first, "CREATE TABLE T (R VARIANT)")
            put(first, write_ndjson(tmp_path / "a.json.gz", [{"a": 1}]), "@S/in")
            run(first, copy)
            before = run(first, "LIST @S")
        stop(home)
        with snowflake.connector.connect(**ensure_running(home, idle_seconds=60).connection_parameters()) as second:
            assert run(second, "LIST @S") == before
            assert run(second, copy) == [("Copy executed with 0 files processed.",)]
            assert run(second, "SELECT R:a::INT FROM T") == [(1,)]
    finally:
        stop(home)
