"""COPY INTO: what loads, what is refused and how it is told, and what is loaded once."""

from __future__ import annotations

import gzip
import json
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import snowflake.connector
from snowflake.connector.errors import ProgrammingError

from tests.embedded.files import Rows, put, run, statuses, write_gzip, write_ndjson, write_text

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

NOTHING = [("Copy executed with 0 files processed.",)]
LANDED = """
    COPY INTO {table} (RECORD, _SOURCE_FILE, _SOURCE_ROW, _SNAPSHOT_AT, _LOADED_AT, _LOAD_ID)
    FROM (SELECT $1, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER, '2026-11-21 10:15:00.123'::TIMESTAMP_NTZ,
          CURRENT_TIMESTAMP()::TIMESTAMP_NTZ, 'load-1' FROM @S)
    FILES = ('{file}') FILE_FORMAT = (TYPE = JSON)"""


@pytest.fixture
def stage(connection: SnowflakeConnection) -> str:
    run(connection, "CREATE STAGE S")
    return "@S"


@pytest.fixture
def variants(connection: SnowflakeConnection) -> str:
    run(connection, "CREATE TABLE T (R VARIANT)")
    return "T"


def refusal(connection: SnowflakeConnection, sql: str) -> ProgrammingError:
    with pytest.raises(ProgrammingError) as refused:
        run(connection, sql)
    return refused.value


def count(connection: SnowflakeConnection, table: str) -> int:
    return int(run(connection, f"SELECT COUNT(*) FROM {table}")[0][0])


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
    put(connection, write_ndjson(tmp_path / "a.json.gz", [{"a": 1}]), stage)
    run(connection, f"COPY INTO {variants} FROM {stage} FILE_FORMAT = (TYPE = JSON)")
    history = "SELECT TABLE_NAME, STATUS, ROW_COUNT, ROW_PARSED, ERROR_COUNT FROM INFORMATION_SCHEMA.LOAD_HISTORY"
    assert run(connection, history) == [("T", "LOADED", 1, 1, 0)]
    since = "START_TIME => DATEADD(hours, -1, CURRENT_TIMESTAMP())"
    copies = f"SELECT FILE_NAME, STATUS FROM TABLE(INFORMATION_SCHEMA.COPY_HISTORY(TABLE_NAME => 'T', {since}))"
    assert run(connection, copies) == [("a.json.gz", "Loaded")]


BROKEN_LINES = [
    ('{"a": 1}\n{"a":\n{"a": 3}\n', 2, "cut off"),
    ('{"a": 1}\n{"a": "x\n{"a": 3}\n', 2, "unfinished string|cut off"),
    ('{"a": 1}\n{a: 2}\n', 2, "not a quoted string"),
    ('{"a": 1}\n{"a": 1, "a": 2}\n', 2, "duplicate object attribute"),
    ('{"a": {"b": 1, "b": 2}}\n{"a": 1}\n', 1, "duplicate object attribute"),
    ('{"a": 1}\n\n{"a": NaN}\n', 3, "unknown keyword"),
    ('{"a": 1}\n{"a": 2} x\n', 2, "after the end"),
    ('{"a": 1}\n{"a": "\x00"}\n', 2, "control character"),
    ('{"a": 1}\n{"a": "\\ud800"}\n', 2, "surrogate"),
    ("<html>\n</html>\n", 1, "unexpected text"),
]


@pytest.mark.parametrize(("text", "line", "reason"), BROKEN_LINES)
@pytest.mark.supports("malformed JSON: the file, the line, the position and the reason (100069)")
def test_a_broken_line_is_named(
    connection: SnowflakeConnection, stage: str, variants: str, tmp_path: Path, text: str, line: int, reason: str
) -> None:
    put(connection, write_text(tmp_path / "bad.json", text), stage)
    copy = f"COPY INTO {variants} FROM {stage} FILE_FORMAT = (TYPE = JSON)"
    error = refusal(connection, copy)
    assert error.errno == 100069
    assert f"File 's/bad.json', line {line}, character" in str(error)
    skipped = run(connection, f"{copy} ON_ERROR = SKIP_FILE")[0]
    assert (skipped[1], skipped[3], skipped[7]) == ("LOAD_FAILED", 0, line)
    assert count(connection, variants) == 0
    assert re.search(reason, str(error)), str(error)


@pytest.mark.supports("ON_ERROR = ABORT_STATEMENT | CONTINUE | SKIP_FILE | SKIP_FILE_<n>[%]")
def test_on_error_decides_what_loads(
    connection: SnowflakeConnection, stage: str, variants: str, tmp_path: Path
) -> None:
    put(connection, write_text(tmp_path / "bad.json", '{"a":1}\n{"a":\n{"a":3}\nnope\n'), stage)
    put(connection, write_text(tmp_path / "good.json", '{"a":9}\n'), stage)
    copy = f"COPY INTO {variants} FROM {stage} FILE_FORMAT = (TYPE = JSON)"
    refusal(connection, copy)
    assert count(connection, variants) == 0
    assert statuses(run(connection, f"{copy} ON_ERROR = SKIP_FILE")) == ["LOAD_FAILED", "LOADED"]
    assert statuses(run(connection, f"{copy} ON_ERROR = 'SKIP_FILE_50%'")) == ["LOAD_FAILED"]
    row = run(connection, f"{copy} ON_ERROR = SKIP_FILE_3")[0]
    assert row[1:6] == ("PARTIALLY_LOADED", 4, 2, 3, 2)
    assert run(connection, f"{copy} ON_ERROR = CONTINUE") == NOTHING
    assert run(connection, "SELECT R:a::INT FROM T ORDER BY 1") == [(1,), (3,), (9,)]


@pytest.mark.supports("rows that the table refuses (types, NOT NULL, length) are found one by one")
def test_refused_rows_are_named_and_left_out(connection: SnowflakeConnection, stage: str, tmp_path: Path) -> None:
    run(connection, "CREATE TABLE N (A NUMBER NOT NULL, B VARCHAR(3), ROW_NUMBER INT)")
    records = [{"a": 1, "b": "abc"}, {"a": "x", "b": "abc"}, {"b": "abc"}, {"a": 4, "b": "abcd"}, {"a": 5, "b": None}]
    put(connection, write_ndjson(tmp_path / "n.json.gz", records), stage)
    copy = "COPY INTO N FROM (SELECT $1:a, $1:b, METADATA$FILE_ROW_NUMBER FROM @S) FILE_FORMAT = (TYPE = JSON)"
    error = refusal(connection, copy)
    assert error.errno == 100071
    assert 'Row 2, column "N"["A":1]' in str(error)
    row = run(connection, f"{copy} ON_ERROR = CONTINUE")[0]
    assert row[1:6] == ("PARTIALLY_LOADED", 5, 2, 5, 3)
    assert run(connection, "SELECT ROW_NUMBER FROM N ORDER BY 1") == [(1,), (5,)]


@pytest.mark.supports("ON_ERROR = CONTINUE inside a transaction")
def test_continue_inside_a_transaction(connection: SnowflakeConnection, stage: str, tmp_path: Path) -> None:
    run(connection, "CREATE TABLE N (A NUMBER)")
    put(connection, write_ndjson(tmp_path / "n.json.gz", [{"a": 1}, {"a": "x"}]), stage)
    run(connection, "BEGIN")
    run(connection, "INSERT INTO N VALUES (7)")
    copy = "COPY INTO N FROM (SELECT $1:a FROM @S) FILE_FORMAT = (TYPE = JSON) ON_ERROR = CONTINUE"
    assert statuses(run(connection, copy)) == ["PARTIALLY_LOADED"]
    run(connection, "COMMIT")
    assert run(connection, "SELECT A FROM N ORDER BY 1") == [(1,), (7,)]


@pytest.mark.supports("a gzip file that is cut off or damaged is an error, never part of a load")
def test_a_cut_off_file_loads_nothing(
    connection: SnowflakeConnection, stage: str, variants: str, tmp_path: Path
) -> None:
    whole = gzip.compress(b"".join(b'{"a":%d}\n' % at for at in range(5000)), mtime=0)
    (tmp_path / "cut.json.gz").write_bytes(whole[: len(whole) // 2])
    put(connection, tmp_path / "cut.json.gz", stage)
    copy = f"COPY INTO {variants} FROM {stage} FILE_FORMAT = (TYPE = JSON)"
    assert "Invalid data encountered during decompression" in str(refusal(connection, copy))
    assert statuses(run(connection, f"{copy} ON_ERROR = CONTINUE")) == ["LOAD_FAILED"]
    assert count(connection, variants) == 0


SHAPES = [
    ("", []),
    ("\n\n  \n", []),
    ('{"a":1}', ['{"a":1}']),
    ('\ufeff{"a":1}\r\n\r\n{"a":2}\r\n', ['{"a":1}', '{"a":2}']),
    ('{\n  "a": 1,\n  "b": [1,\n 2]\n}\n{"a": 2}\n', ['{"a":1,"b":[1,2]}', '{"a":2}']),
    ('{"a":1} {"a":2}\n', ['{"a":1}', '{"a":2}']),
    ('[1, 2]\n"x"\n3\n', ["[1,2]", '"x"', "3"]),
    ('{"big": 123456789012345678901234567890, "f": 1.25}\n', ['{"big":123456789012345678901234567890,"f":1.25}']),
]


@pytest.mark.parametrize(("text", "values"), SHAPES)
@pytest.mark.supports(
    "JSON: one value a line, over several lines, several in one line, blank lines, byte order mark, CRLF"
)
def test_json_of_every_shape(
    connection: SnowflakeConnection, stage: str, variants: str, tmp_path: Path, text: str, values: list[str]
) -> None:
    put(connection, write_text(tmp_path / "x.json", text), stage)
    row = run(connection, f"COPY INTO {variants} FROM {stage} FILE_FORMAT = (TYPE = JSON)")[0]
    assert row[1:4] == ("LOADED", len(values), len(values))
    assert [row[0] for row in run(connection, f"SELECT R::VARCHAR FROM {variants}")] == [
        json.loads(value) if value.startswith('"') else value for value in values
    ]


@pytest.mark.supports("JSON: STRIP_OUTER_ARRAY")
def test_an_outer_array_is_stripped(connection: SnowflakeConnection, stage: str, variants: str, tmp_path: Path) -> None:
    put(connection, write_text(tmp_path / "x.json", '[{"a": 1},\n {"a": [2, 3]}]\n'), stage)
    run(connection, f"COPY INTO {variants} FROM {stage} FILE_FORMAT = (TYPE = JSON STRIP_OUTER_ARRAY = TRUE)")
    assert run(connection, f"SELECT R:a::VARCHAR FROM {variants} ORDER BY 1") == [("1",), ("[2,3]",)]


@pytest.mark.supports("MATCH_BY_COLUMN_NAME for JSON, Parquet and CSV with PARSE_HEADER")
def test_columns_match_by_name(connection: SnowflakeConnection, stage: str, tmp_path: Path) -> None:
    run(connection, "CREATE TABLE M (B VARCHAR, A NUMBER, C VARIANT)")
    put(connection, write_text(tmp_path / "m.json", '{"a": 1, "b": "x", "c": {"d": 2}}\n{"a": 2}\n'), f"{stage}/json")
    put(connection, write_text(tmp_path / "m.csv", "a,b\n3,y\n"), f"{stage}/csv")
    by_name = "MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE"
    run(connection, f"COPY INTO M FROM {stage}/json FILE_FORMAT = (TYPE = JSON) {by_name}")
    run(connection, f"COPY INTO M FROM {stage}/csv FILE_FORMAT = (TYPE = CSV PARSE_HEADER = TRUE) {by_name}")
    assert run(connection, "SELECT A, B, C:d::INT FROM M ORDER BY A") == [(1, "x", 2), (2, None, None), (3, "y", None)]


CSV_CASES: list[tuple[str, str, Rows]] = [
    ("1,a\n2,b\n", "", [(1, "a"), (2, "b")]),
    ("A,B\n1,a\n", "SKIP_HEADER = 1", [(1, "a")]),
    ("1|a\n", "FIELD_DELIMITER = '|'", [(1, "a")]),
    ("1\ta\n", "FIELD_DELIMITER = '\\t'", [(1, "a")]),
    ('1,"a, ""b""\nc"\n', "FIELD_OPTIONALLY_ENCLOSED_BY = '\"'", [(1, 'a, "b"\nc')]),
    ('1,""\n2,\n', "FIELD_OPTIONALLY_ENCLOSED_BY = '\"'", [(1, ""), (2, None)]),
    ("1,\\N\n2,NULL\n", "NULL_IF = ('NULL', '\\\\N')", [(1, None), (2, None)]),
    ("1,\n", "EMPTY_FIELD_AS_NULL = FALSE", [(1, "")]),
    (" 1 , a \n", "TRIM_SPACE = TRUE", [(1, "a")]),
    ("1,a\\,b\n", "", [(1, "a,b")]),
    ("1,a,x\n2\n", "ERROR_ON_COLUMN_COUNT_MISMATCH = FALSE", [(1, "a"), (2, None)]),
    ("1,ü\r\n2,b\r\n", "", [(1, "ü"), (2, "b")]),
    ("", "", []),
]


@pytest.mark.parametrize(("text", "options", "expected"), CSV_CASES)
@pytest.mark.supports(
    "CSV: delimiters, quotes, escapes, headers, NULL_IF, EMPTY_FIELD_AS_NULL, TRIM_SPACE, column counts"
)
def test_csv_of_every_shape(
    connection: SnowflakeConnection, stage: str, tmp_path: Path, text: str, options: str, expected: Rows
) -> None:
    run(connection, "CREATE TABLE C (A INT, B VARCHAR)")
    put(connection, write_text(tmp_path / "x.csv", text), stage, "AUTO_COMPRESS=TRUE")
    run(connection, f"COPY INTO C FROM {stage} FILE_FORMAT = (TYPE = CSV {options})")
    assert run(connection, "SELECT * FROM C ORDER BY A") == expected


@pytest.mark.supports("CSV: DATE_FORMAT, TIMESTAMP_FORMAT, BINARY_FORMAT")
def test_csv_values_in_formats_of_their_own(connection: SnowflakeConnection, stage: str, tmp_path: Path) -> None:
    run(connection, "CREATE TABLE C (D DATE, T TIMESTAMP_NTZ, B BINARY)")
    put(connection, write_text(tmp_path / "x.csv", "21.11.2026;2026/11/21 10:15;/wA=\n"), stage)
    formats = "DATE_FORMAT = 'DD.MM.YYYY' TIMESTAMP_FORMAT = 'YYYY/MM/DD HH24:MI' BINARY_FORMAT = BASE64"
    run(connection, f"COPY INTO C FROM {stage} FILE_FORMAT = (TYPE = CSV FIELD_DELIMITER = ';' {formats})")
    assert run(connection, "SELECT D::VARCHAR, T::VARCHAR, B FROM C") == [
        ("2026-11-21", "2026-11-21 10:15:00.000", b"\xff\x00")
    ]


@pytest.mark.supports("CSV: types are checked; wrong counts and values name file, line and column")
def test_bad_csv_rows_are_named(connection: SnowflakeConnection, stage: str, tmp_path: Path) -> None:
    run(connection, "CREATE TABLE C (A INT, D DATE)")
    put(
        connection, write_text(tmp_path / "x.csv", "1,2026-01-01\nx,2026-01-02\n3,2026-01-03,more\n4,notadate\n"), stage
    )
    copy = f"COPY INTO C FROM {stage} FILE_FORMAT = (TYPE = CSV)"
    error = refusal(connection, copy)
    assert error.errno == 100080
    assert "Number of columns in file (3) does not match" in str(error)
    row = run(connection, f"{copy} ON_ERROR = CONTINUE")[0]
    assert row[1:6] == ("PARTIALLY_LOADED", 4, 1, 4, 3)
    assert row[9] == '"C"["A":1]'
    assert run(connection, "SELECT A, D::VARCHAR FROM C") == [(1, "2026-01-01")]


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


@pytest.mark.supports("CREATE / DROP / DESCRIBE / SHOW FILE FORMAT, also SCOPED TEMPORARY; a stage's own file format")
def test_named_formats_and_the_stages_own(connection: SnowflakeConnection, variants: str, tmp_path: Path) -> None:
    run(connection, "CREATE FILE FORMAT J TYPE = JSON STRIP_OUTER_ARRAY = TRUE")
    run(connection, "CREATE OR REPLACE STAGE S FILE_FORMAT = (TYPE = JSON)")
    put(connection, write_text(tmp_path / "x.json", '[{"a":1},{"a":2}]\n'), "@S")
    assert run(connection, f"COPY INTO {variants} FROM @S")[0][3] == 1
    assert run(connection, f"COPY INTO {variants} FROM @S FILE_FORMAT = (FORMAT_NAME = 'J') FORCE = TRUE")[0][3] == 2
    assert ("TYPE", "String", "JSON") in run(connection, "DESCRIBE FILE FORMAT J")
    assert "J" in [row[1] for row in run(connection, "SHOW FILE FORMATS")]
    run(connection, "CREATE SCOPED TEMPORARY FILE FORMAT IF NOT EXISTS K TYPE = CSV")
    run(connection, "DROP FILE FORMAT IF EXISTS K")
    run(connection, "DROP FILE FORMAT J")
    assert refusal(connection, f"COPY INTO {variants} FROM @S FILE_FORMAT = (FORMAT_NAME = J)").errno == 2003


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


@pytest.mark.parametrize(
    ("options", "feature"),
    [
        ("FILE_FORMAT = (TYPE = XML)", "TYPE = XML"),
        ("FILE_FORMAT = (TYPE = JSON STRIP_NULL_VALUES = TRUE)", "STRIP_NULL_VALUES"),
        ("FILE_FORMAT = (TYPE = JSON) SIZE_LIMIT = 5", "SIZE_LIMIT"),
        ("FILE_FORMAT = (TYPE = JSON) TRUNCATECOLUMNS = TRUE", "TRUNCATECOLUMNS"),
        ("FILE_FORMAT = (TYPE = JSON) INCLUDE_METADATA = (R = METADATA$FILENAME)", "INCLUDE_METADATA"),
        ("FILE_FORMAT = (TYPE = JSON NULL_IF = ('x'))", "NULL_IF"),
        ("FILE_FORMAT = (TYPE = JSON) NO_SUCH = 1", "NO_SUCH"),
    ],
)
@pytest.mark.differs(
    "COPY: AVRO, ORC, XML, STRIP_NULL_VALUES, NULL_IF of JSON, SIZE_LIMIT, TRUNCATECOLUMNS, INCLUDE_METADATA refused"
)
def test_what_copy_cannot_do_is_named(
    connection: SnowflakeConnection, stage: str, variants: str, options: str, feature: str
) -> None:
    assert feature in str(refusal(connection, f"COPY INTO {variants} FROM {stage} {options}"))


@pytest.mark.supports("100,000 JSON lines of gzip")
def test_a_large_file_loads(connection: SnowflakeConnection, stage: str, variants: str, tmp_path: Path) -> None:
    line = {"user": "x" * 20, "title": "t" * 100, "tags": ["a", "b"], "viewer_count": 7}
    content = "".join(json.dumps({"id": at, **line}) + "\n" for at in range(100_000))
    put(connection, write_gzip(tmp_path / "big.json.gz", content.encode()), stage)
    run(connection, f"COPY INTO {variants} FROM {stage} FILE_FORMAT = (TYPE = JSON)")
    assert run(connection, "SELECT COUNT(*), MAX(R:id::INT) FROM T") == [(100_000, 99_999)]
