"""COPY INTO: what is refused, how it is told, and what ON_ERROR makes of it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deployments.embedded.session.cursor import EmbeddedCursor
from deployments.embedded.stages.copy import turns
from tests.embedded.files import NOTHING, count, put, refusal, run, statuses, write_ndjson, write_text

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

    from deployments.embedded.session.connection import EmbeddedConnection

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


@pytest.mark.supports("a file of several whose name alone gives a value that a column refuses: no other file suffers")
def test_a_name_that_the_table_refuses_fails_its_file_alone(
    connection: SnowflakeConnection, stage: str, tmp_path: Path
) -> None:
    run(connection, "CREATE TABLE D (R VARIANT, N NUMBER, AT DATE)")
    for name in ("2026-01-01", "2026-99-99", "2026-01-03"):
        put(connection, write_ndjson(tmp_path / f"{name}.json.gz", [{"a": 1}, {"a": 2}]), stage)
    run(connection, "BEGIN")
    copy = (
        "COPY INTO D FROM (SELECT $1, METADATA$FILE_ROW_NUMBER, LEFT(METADATA$FILENAME, 10)::DATE FROM @S) "
        "FILE_FORMAT = (TYPE = JSON) ON_ERROR = CONTINUE"
    )
    rows = run(connection, copy)
    run(connection, "COMMIT")
    assert sorted((row[0], row[1]) for row in rows) == [
        ("s/2026-01-01.json.gz", "LOADED"),
        ("s/2026-01-03.json.gz", "LOADED"),
        ("s/2026-99-99.json.gz", "LOAD_FAILED"),
    ]
    assert run(connection, "SELECT R:a, N, DAY(AT) FROM D ORDER BY 3, 2") == [
        ("1", 1, 1),
        ("2", 2, 1),
        ("1", 1, 3),
        ("2", 2, 3),
    ]


@pytest.mark.supports("files of more than is held at once are loaded by one COPY, refused rows and all")
def test_files_are_loaded_in_turns(in_process: EmbeddedConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "HELD_BYTES", 1)
    session = EmbeddedCursor(in_process)
    session.execute("CREATE SCHEMA IF NOT EXISTS D.TURNS")
    session.execute("CREATE OR REPLACE STAGE D.TURNS.S")
    session.execute("CREATE OR REPLACE TABLE D.TURNS.T (R VARIANT, N NUMBER)")
    folder = session.context.stages / "named" / "D" / "TURNS" / "S"
    folder.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(('{"a":1}\n{"a":2}\n', '{"a":1,"a":1}\n{"a":3}\n', '{"a": 1e400}\n{"a":4}\n')):
        (folder / f"{number}.json").write_text(text)
    session.execute("BEGIN")
    copy = "COPY INTO D.TURNS.T FROM (SELECT $1, METADATA$FILE_ROW_NUMBER FROM @D.TURNS.S) ON_ERROR = CONTINUE"
    session.execute(f"{copy} FILE_FORMAT = (TYPE = JSON)")
    assert [row["status"] for row in session.table.to_pylist()] == ["LOADED", "PARTIALLY_LOADED", "LOADED"]
    session.execute("COMMIT")
    session.execute("SELECT R:a::TEXT AS A FROM D.TURNS.T ORDER BY N, A")
    assert session.table.num_rows == 5
