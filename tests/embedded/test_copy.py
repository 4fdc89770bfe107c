"""COPY INTO: what loads, what is loaded once, which files are chosen, and what a table unloads."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import snowflake.connector

from tests.embedded.files import NOTHING, Rows, count, put, refusal, run, statuses, write_gzip, write_ndjson, write_text

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

LANDED = """
    COPY INTO {table} (RECORD, _SOURCE_FILE, _SOURCE_ROW, _SNAPSHOT_AT, _LOADED_AT, _LOAD_ID)
    FROM (SELECT $1, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER, '2026-11-21 10:15:00.123'::TIMESTAMP_NTZ,
          CURRENT_TIMESTAMP()::TIMESTAMP_NTZ, 'load-1' FROM @S)
    FILES = ('{file}') FILE_FORMAT = (TYPE = JSON)"""


@pytest.mark.supports(
    "COPY INTO with column list, $1, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER, constants, FILES, gzip"
)
def test_landed_records_load_with_where_they_came_from(
    connection: SnowflakeConnection, stage: str, tmp_path: Path
) -> None:
    run(
        connection,
        "CREATE TABLE RAW_T (RECORD VARIANT, _SOURCE_FILE VARCHAR, _SOURCE_ROW NUMBER, _SNAPSHOT_AT TIMESTAMP_NTZ, "
        "_LOADED_AT TIMESTAMP_NTZ, _LOAD_ID VARCHAR)",
    )
    records = [{"id": "1", "title": "ünïcode 🎮", "tags": ["a", None]}, {"id": "2", "n": 12345678901234567890123}]
    put(connection, write_ndjson(tmp_path / "x.ndjson.gz", records), f"{stage}/twitch/streams")
    copy = LANDED.format(table="RAW_T", file="twitch/streams/x.ndjson.gz")
    assert run(connection, copy) == [("s/twitch/streams/x.ndjson.gz", "LOADED", 2, 2, 1, 0, None, None, None, None)]
    rows = run(
        connection, "SELECT RECORD, _SOURCE_FILE, _SOURCE_ROW, _SNAPSHOT_AT::VARCHAR, _LOAD_ID FROM RAW_T ORDER BY 3"
    )
    assert [json.loads(row[0]) for row in rows] == records
    assert [row[1:] for row in rows] == [
        ("twitch/streams/x.ndjson.gz", number, "2026-11-21 10:15:00.123", "load-1") for number in (1, 2)
    ]
    assert run(connection, copy) == NOTHING


@pytest.mark.supports("load history: a file loads once; FORCE loads it again; changed content loads again")
def test_a_file_loads_once(connection: SnowflakeConnection, stage: str, variants: str, tmp_path: Path) -> None:
    path = write_ndjson(tmp_path / "a.json.gz", [{"a": 1}])
    put(connection, path, stage)
    copy = f"COPY INTO {variants} FROM {stage} FILE_FORMAT = (TYPE = JSON)"
    assert statuses(run(connection, copy)) == ["LOADED"]
    assert run(connection, copy) == NOTHING
    assert statuses(run(connection, f"{copy} FORCE = TRUE")) == ["LOADED"]
    write_ndjson(path, [{"a": 2}, {"a": 3}])
    put(connection, path, stage, "AUTO_COMPRESS=FALSE OVERWRITE=TRUE")
    assert run(connection, copy)[0][2:4] == (2, 2)
    assert count(connection, variants) == 4
    put(connection, write_ndjson(tmp_path / "b.json.gz", [{"a": 4}]), stage)
    assert [row[0] for row in run(connection, copy)] == ["s/b.json.gz"]


@pytest.mark.supports(
    "load history belongs to the table: TRUNCATE, DROP and CREATE OR REPLACE clear it, RENAME keeps it"
)
def test_an_emptied_table_forgets_its_loads(
    connection: SnowflakeConnection, stage: str, variants: str, tmp_path: Path
) -> None:
    put(connection, write_ndjson(tmp_path / "a.json.gz", [{"a": 1}]), stage)
    copy = "COPY INTO {} FROM @S FILE_FORMAT = (TYPE = JSON)"
    run(connection, copy.format("T"))
    for forget in (
        "TRUNCATE TABLE T",
        "CREATE OR REPLACE TABLE T (R VARIANT)",
        "CREATE OR REPLACE TABLE T AS SELECT * FROM T",
    ):
        run(connection, forget)
        assert statuses(run(connection, copy.format("T"))) == ["LOADED"]
    run(connection, "ALTER TABLE T RENAME TO U")
    assert run(connection, copy.format("U")) == NOTHING
    run(connection, "DROP TABLE U")
    run(connection, "CREATE TABLE U (R VARIANT)")
    assert statuses(run(connection, copy.format("U"))) == ["LOADED"]


@pytest.mark.supports("COPY in a transaction: ROLLBACK takes rows and load history back")
def test_a_rolled_back_copy_leaves_nothing(
    connection: SnowflakeConnection, stage: str, variants: str, tmp_path: Path
) -> None:
    put(connection, write_ndjson(tmp_path / "a.json.gz", [{"a": 1}]), stage)
    copy = f"COPY INTO {variants} FROM {stage} FILE_FORMAT = (TYPE = JSON)"
    run(connection, "BEGIN")
    assert statuses(run(connection, copy)) == ["LOADED"]
    assert run(connection, copy) == NOTHING
    run(connection, "ROLLBACK")
    assert count(connection, variants) == 0
    connection.autocommit(False)
    assert statuses(run(connection, copy)) == ["LOADED"]
    connection.rollback()
    assert count(connection, variants) == 0
    assert statuses(run(connection, copy)) == ["LOADED"]
    connection.commit()
    assert run(connection, copy) == NOTHING
    connection.autocommit(True)


@pytest.mark.supports("two sessions that COPY the same file load it once")
def test_two_sessions_load_a_file_once(
    connection: SnowflakeConnection,
    connection_parameters: dict[str, Any],
    stage: str,
    variants: str,
    tmp_path: Path,
) -> None:
    put(connection, write_ndjson(tmp_path / "a.json.gz", ({"a": at} for at in range(20_000))), stage)
    answers: list[Rows] = []

    def copy() -> None:
        with snowflake.connector.connect(**connection_parameters) as other:
            answers.append(run(other, "COPY INTO T FROM @S FILE_FORMAT = (TYPE = JSON)"))

    threads = [threading.Thread(target=copy) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(answer[0]) for answer in answers) == [1, 1, 1, 10]
    assert count(connection, variants) == 20_000


@pytest.mark.supports("two transactions that COPY the same file: the second to commit fails and loads nothing")
def test_the_first_transaction_to_commit_keeps_the_file(
    connection: SnowflakeConnection, connection_parameters: dict[str, Any], stage: str, variants: str, tmp_path: Path
) -> None:
    put(connection, write_ndjson(tmp_path / "a.json.gz", [{"a": 1}]), stage)
    copy = f"COPY INTO {variants} FROM {stage} FILE_FORMAT = (TYPE = JSON)"
    with snowflake.connector.connect(**connection_parameters) as other:
        run(other, "BEGIN")
        run(other, copy)
        run(connection, copy)
        assert "Failed to commit" in str(refusal(other, "COMMIT"))
        assert run(other, copy) == NOTHING
    assert count(connection, variants) == 1


@pytest.mark.supports("INFORMATION_SCHEMA.LOAD_HISTORY and COPY_HISTORY")
def test_load_history_can_be_read(connection: SnowflakeConnection, stage: str, variants: str, tmp_path: Path) -> None:
    run(connection, 'CREATE TABLE "lower" (a INT)')  # from now on names are looked at letter by letter
    put(connection, write_ndjson(tmp_path / "a.json.gz", [{"a": 1}]), stage)
    run(connection, f"COPY INTO {variants} FROM {stage} FILE_FORMAT = (TYPE = JSON)")
    history = "SELECT TABLE_NAME, STATUS, ROW_COUNT, ROW_PARSED, ERROR_COUNT FROM INFORMATION_SCHEMA.LOAD_HISTORY"
    assert run(connection, history) == [("T", "LOADED", 1, 1, 0)]
    since = "START_TIME => DATEADD(hours, -1, CURRENT_TIMESTAMP())"
    copies = f"SELECT FILE_NAME, STATUS FROM TABLE(INFORMATION_SCHEMA.COPY_HISTORY(TABLE_NAME => 'T', {since}))"
    assert run(connection, copies) == [("a.json.gz", "Loaded")]


def test_a_temporary_table_leaves_the_load_history_of_the_one_it_hides(
    connection: SnowflakeConnection, stage: str, variants: str, tmp_path: Path
) -> None:
    put(connection, write_ndjson(tmp_path / "a.json.gz", [{"a": 1}]), stage)
    copy = f"COPY INTO {variants} FROM {stage} FILE_FORMAT = (TYPE = JSON)"
    assert statuses(run(connection, copy)) == ["LOADED"]
    for _ in range(2):  # made, and made anew with what was loaded into it
        run(connection, f"CREATE OR REPLACE TEMPORARY TABLE {variants} (R VARIANT)")
        assert statuses(run(connection, copy)) == ["LOADED"]
        assert run(connection, copy) == NOTHING
    run(connection, f"DROP TABLE {variants}")
    assert run(connection, copy) == NOTHING
    assert count(connection, variants) == 1


@pytest.mark.supports(
    "FILES and PATTERN choose files; a named file that is missing is an error (91016); PURGE removes loaded files"
)
def test_files_are_chosen_and_purged(
    connection: SnowflakeConnection, stage: str, variants: str, tmp_path: Path
) -> None:
    for name in ("a.json", "b.json", "c.txt"):
        put(connection, write_text(tmp_path / name, '{"a":1}\n'), f"{stage}/in")
    copy = f"COPY INTO {variants} FROM {stage}"
    chosen = "FILE_FORMAT = (TYPE = JSON)"
    assert refusal(connection, f"{copy} FILES = ('in/none.json') {chosen}").errno == 91016
    assert [row[0] for row in run(connection, f"{copy}/in FILES = ('b.json') {chosen}")] == ["s/in/b.json"]
    rows = run(connection, f"{copy} PATTERN = '.*[.]json' {chosen} PURGE = TRUE")
    assert [row[0] for row in rows] == ["s/in/a.json"]
    assert [row[0] for row in run(connection, f"LIST {stage}")] == ["s/in/b.json", "s/in/c.txt"]


@pytest.mark.supports("VALIDATION_MODE = RETURN_ERRORS | RETURN_<n>_ROWS loads nothing")
def test_validation_loads_nothing(connection: SnowflakeConnection, stage: str, tmp_path: Path) -> None:
    run(connection, "CREATE TABLE C (A INT)")
    put(connection, write_text(tmp_path / "x.csv", "1\nx\n3\n"), stage)
    copy = f"COPY INTO C FROM {stage} FILE_FORMAT = (TYPE = CSV) VALIDATION_MODE ="
    found = run(connection, f"{copy} RETURN_ERRORS")
    assert [(row[1], row[7]) for row in found] == [("s/x.csv", 2)]
    assert count(connection, "C") == 0


@pytest.mark.supports("COPY INTO a stage: CSV, JSON and Parquet")
@pytest.mark.differs("COPY INTO a stage writes one file, whatever MAX_FILE_SIZE says; PARTITION BY is refused")
def test_unloaded_files_load_again(connection: SnowflakeConnection, stage: str, variants: str) -> None:
    run(connection, "CREATE TABLE C AS SELECT 1 AS A, 'ü, x' AS B UNION ALL SELECT 2, NULL")
    quoted = "FIELD_OPTIONALLY_ENCLOSED_BY = '\"'"
    assert (
        run(connection, f"COPY INTO {stage}/csv/ FROM C FILE_FORMAT = (TYPE = CSV {quoted}) HEADER = TRUE")[0][0] == 2
    )
    run(connection, "CREATE TABLE D (A INT, B VARCHAR)")
    run(connection, f"COPY INTO D FROM {stage}/csv FILE_FORMAT = (TYPE = CSV SKIP_HEADER = 1 {quoted})")
    assert run(connection, "SELECT * FROM D ORDER BY A") == [(1, "ü, x"), (2, None)]
    run(
        connection, f"COPY INTO {stage}/json/ FROM (SELECT OBJECT_CONSTRUCT('a', A) FROM C) FILE_FORMAT = (TYPE = JSON)"
    )
    run(connection, f"COPY INTO {variants} FROM {stage}/json FILE_FORMAT = (TYPE = JSON)")
    assert run(connection, "SELECT R:a::INT FROM T ORDER BY 1") == [(1,), (2,)]
    run(connection, f"COPY INTO {stage}/parquet/ FROM C FILE_FORMAT = (TYPE = PARQUET)")
    run(
        connection,
        f"COPY INTO D FROM {stage}/parquet FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE",
    )
    assert count(connection, "D") == 4
    assert "already existing" in str(refusal(connection, f"COPY INTO {stage}/csv/ FROM C FILE_FORMAT = (TYPE = CSV)"))


@pytest.mark.supports("100,000 JSON lines of gzip")
def test_a_large_file_loads(connection: SnowflakeConnection, stage: str, variants: str, tmp_path: Path) -> None:
    line = {"user": "x" * 20, "title": "t" * 100, "tags": ["a", "b"], "viewer_count": 7}
    content = "".join(json.dumps({"id": at, **line}) + "\n" for at in range(100_000))
    put(connection, write_gzip(tmp_path / "big.json.gz", content.encode()), stage)
    run(connection, f"COPY INTO {variants} FROM {stage} FILE_FORMAT = (TYPE = JSON)")
    assert run(connection, "SELECT COUNT(*), MAX(R:id::INT) FROM T") == [(100_000, 99_999)]
