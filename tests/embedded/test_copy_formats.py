"""COPY INTO: JSON and CSV of every shape, and named file formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.embedded.files import Rows, put, refusal, run, write_text

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

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
