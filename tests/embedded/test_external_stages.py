"""External stages: storage that the warehouse reads in place, with what a client has handed over and nothing else."""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from snowflake.connector.errors import ProgrammingError

from deployments.embedded import EmbeddedError, open_storage

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

    from deployments.embedded import Endpoint

JSON = "FILE_FORMAT = (TYPE = JSON)"


@pytest.fixture
def bucket(s3_variables: dict[str, str], endpoint: Endpoint) -> Any:
    """An empty bucket that the warehouse may read."""
    open_storage(endpoint, s3_variables, [])
    made = boto3.resource("s3").Bucket("landing")
    made.create()
    return made


def rows(connection: SnowflakeConnection, sql: str) -> list[Any]:
    cursor = connection.cursor()
    cursor.execute(sql)
    return cursor.fetchall()


def lines(*records: Any) -> bytes:
    return gzip.compress("".join(json.dumps(record) + "\n" for record in records).encode(), mtime=0)


@pytest.mark.supports(
    "external stages of S3, Azure and folders: LIST, SELECT, COPY in place, METADATA$FILENAME, history"
)
def test_files_of_a_bucket_are_listed_and_loaded_in_place(bucket: Any, connection: SnowflakeConnection) -> None:
    bucket.put_object(Key="raw/twitch/a.ndjson.gz", Body=lines({"id": 1}, {"id": 2}))
    bucket.put_object(Key="raw/twitch/b.ndjson.gz", Body=lines({"id": 3}))
    bucket.put_object(Key="elsewhere/c.ndjson.gz", Body=lines({"id": 9}))
    rows(connection, "CREATE STAGE ext URL = 's3://landing/raw'")
    rows(connection, "CREATE TABLE t (record VARIANT, file VARCHAR, line INT)")
    copy = f"COPY INTO t FROM (SELECT $1, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER FROM @ext) {JSON}"

    listed = rows(connection, "LIST @ext/twitch/")
    first = rows(connection, f"{copy} FILES = ('twitch/a.ndjson.gz')")
    second = rows(connection, copy)

    assert [row[0] for row in listed] == ["s3://landing/raw/twitch/a.ndjson.gz", "s3://landing/raw/twitch/b.ndjson.gz"]
    assert [row[:2] for row in first] == [("s3://landing/raw/twitch/a.ndjson.gz", "LOADED")]
    assert [row[:2] for row in second] == [("s3://landing/raw/twitch/b.ndjson.gz", "LOADED")]
    assert rows(connection, "SELECT record:id::int, file, line FROM t ORDER BY 1") == [
        (1, "raw/twitch/a.ndjson.gz", 1),
        (2, "raw/twitch/a.ndjson.gz", 2),
        (3, "raw/twitch/b.ndjson.gz", 1),
    ]


@pytest.mark.supports("Parquet on an external stage")
def test_parquet_of_a_bucket_is_read(bucket: Any, connection: SnowflakeConnection) -> None:
    written = io.BytesIO()
    pq.write_table(pa.table({"id": [1, 2], "name": ["a", None]}), written)
    bucket.put_object(Key="raw/p.parquet", Body=written.getvalue())
    rows(connection, "CREATE STAGE ext URL = 's3://landing/raw' FILE_FORMAT = (TYPE = PARQUET)")

    assert rows(connection, "SELECT $1:id::int, $1:name::varchar, METADATA$FILENAME FROM @ext ORDER BY 1") == [
        (1, "a", "raw/p.parquet"),
        (2, None, "raw/p.parquet"),
    ]


def test_a_stage_tells_its_place_and_no_secret(
    bucket: Any, s3_variables: dict[str, str], connection: SnowflakeConnection
) -> None:
    rows(connection, "CREATE STAGE ext URL = 's3://landing/raw'")
    cursor = connection.cursor()
    cursor.execute("SHOW STAGES LIKE 'EXT'")
    (shown,) = [dict(zip([column.name for column in cursor.description], row, strict=True)) for row in cursor]
    told = [shown, rows(connection, "DESCRIBE STAGE ext"), rows(connection, "SHOW PARAMETERS")]

    assert (shown["url"], shown["type"], shown["cloud"]) == ("s3://landing/raw/", "EXTERNAL", "AWS")
    assert s3_variables["AWS_SECRET_ACCESS_KEY"] not in str(told)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("PUT file:///tmp/x @ext", "PUT to an external stage"),
        ("GET @ext file:///tmp/x", "GET from an external stage"),
        ("COPY INTO @ext/out FROM (SELECT 1)", "COPY INTO an external stage"),
        ("CREATE STAGE x URL = 's3://landing/x' CREDENTIALS = (AWS_KEY_ID = 'k')", "CREDENTIALS of an external stage"),
        ("CREATE TEMPORARY STAGE x URL = 's3://landing/x'", "temporary external stage"),
        ("CREATE STAGE x URL = 'gcs://landing/x'", "it must be s3://"),
        ("CREATE STAGE x URL = 's3://user:word@landing/x'", "it must be s3://"),
        ("CREATE STAGE x URL = 'file:///etc'", "was not opened to the embedded warehouse"),
        ("LIST @nothing_there", "Failure using stage area .* 404"),
    ],
)
@pytest.mark.usefixtures("bucket")
def test_what_external_stages_cannot_do_is_named(connection: SnowflakeConnection, statement: str, told: str) -> None:
    rows(connection, "CREATE STAGE ext URL = 's3://landing/raw'")
    rows(connection, "CREATE STAGE nothing_there URL = 's3://no-such-bucket/raw'")
    with pytest.raises(ProgrammingError, match=told):
        rows(connection, statement)


@pytest.mark.supports(
    "storage integrations: allowed and blocked locations, ALTER, DESC, DROP; the role is kept, not assumed"
)
@pytest.mark.usefixtures("bucket")
def test_an_integration_says_which_places_a_stage_may_read(connection: SnowflakeConnection) -> None:
    create = "CREATE STAGE ext URL = 's3://landing/raw' STORAGE_INTEGRATION = EXT_INT"
    with pytest.raises(ProgrammingError, match="Integration 'EXT_INT' does not exist or not authorized"):
        rows(connection, create)
    rows(
        connection,
        "CREATE STORAGE INTEGRATION ext_int TYPE = EXTERNAL_STAGE STORAGE_PROVIDER = 'S3' ENABLED = TRUE "
        "STORAGE_AWS_ROLE_ARN = 'arn:aws:iam::1:role/r' STORAGE_ALLOWED_LOCATIONS = ('s3://landing/other/')",
    )
    with pytest.raises(ProgrammingError, match="'s3://landing/raw/' is not allowed by integration 'EXT_INT'"):
        rows(connection, create)

    rows(connection, "ALTER STORAGE INTEGRATION ext_int SET STORAGE_ALLOWED_LOCATIONS = ('s3://landing/')")
    rows(connection, create)

    told = {row[0]: row[2] for row in rows(connection, "DESC INTEGRATION ext_int")}
    assert told["STORAGE_ALLOWED_LOCATIONS"] == "s3://landing/"
    assert told["STORAGE_AWS_ROLE_ARN"] == "arn:aws:iam::1:role/r"
    assert told["STORAGE_AWS_IAM_USER_ARN"]
    rows(connection, "DROP INTEGRATION ext_int")


@pytest.mark.differs("file:// stages, of folders that a client has named; Snowflake has none")
def test_a_folder_is_read_once_it_is_opened(
    endpoint: Endpoint, connection: SnowflakeConnection, tmp_path: Path
) -> None:
    (tmp_path / "in/twitch").mkdir(parents=True)
    (tmp_path / "in/twitch/a.ndjson.gz").write_bytes(lines({"id": 1}))
    (tmp_path / "in/.part").write_bytes(b"unfinished")
    open_storage(endpoint, {}, [str(tmp_path / "in")])
    rows(connection, f"CREATE STAGE ext URL = 'file://{tmp_path}/in' {JSON}")

    assert [row[0] for row in rows(connection, "LIST @ext")] == [f"file://{tmp_path}/in/twitch/a.ndjson.gz"]
    assert rows(connection, "SELECT $1:id::int FROM @ext") == [(1,)]
    with pytest.raises(ProgrammingError, match="was not opened"):
        rows(connection, f"CREATE STAGE up URL = 'file://{tmp_path}'")


@pytest.mark.parametrize(
    ("variables", "folders", "told"),
    [({"PATH": "/tmp"}, [], "PATH is no variable"), ({}, ["relative"], "relative is no absolute path")],
)
def test_only_variables_of_clouds_are_taken(
    endpoint: Endpoint, variables: dict[str, str], folders: list[str], told: str
) -> None:
    with pytest.raises(EmbeddedError, match=told):
        open_storage(endpoint, variables, folders)


def test_only_who_has_the_secret_hands_variables_over(endpoint: Endpoint) -> None:
    with pytest.raises(EmbeddedError, match="wrong secret"):
        open_storage(replace(endpoint, secret="guessed"), {"AWS_ACCESS_KEY_ID": "x"}, [])
