"""write_pandas of the connector and of Snowpark."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from snowflake.connector.errors import ProgrammingError
from snowflake.connector.pandas_tools import write_pandas

from tests.embedded.files import run

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.snowpark import Session

MOMENT = datetime.datetime(2026, 1, 2, 3, 4, 5, 123456)
FRAME = pd.DataFrame(
    {
        "ID": [1, 2, 3],
        "NAME": ["a", None, "ü🎮"],
        "F": [1.5, None, -2.0],
        "FLAG": [True, None, False],
        "DAY": [datetime.date(2026, 1, 1), None, datetime.date(2026, 1, 3)],
        "SEEN_AT": [MOMENT, None, MOMENT],
        "PRICE": [Decimal("1.25"), None, Decimal("-0.10")],
        "RAW": [b"\x00\xff", None, b""],
    }
)
COLUMNS = (
    "ID NUMBER, NAME VARCHAR, F FLOAT, FLAG BOOLEAN, DAY DATE, SEEN_AT TIMESTAMP_NTZ, PRICE NUMBER(10, 2), RAW BINARY"
)
ROWS = [
    (1, "a", 1.5, True, datetime.date(2026, 1, 1), MOMENT, Decimal("1.25"), b"\x00\xff"),
    (2, None, None, None, None, None, None, None),
    (3, "ü🎮", -2.0, False, datetime.date(2026, 1, 3), MOMENT, Decimal("-0.10"), b""),
]


@pytest.mark.supports("write_pandas into an existing table, every type, in chunks, bulk_upload_chunks")
def test_a_frame_goes_into_an_existing_table(connection: SnowflakeConnection) -> None:
    run(connection, f"CREATE TABLE T ({COLUMNS})")
    done, chunks, rows, _ = write_pandas(connection, FRAME, "T")
    assert (done, chunks, rows) == (True, 1, 3)
    assert run(connection, "SELECT * FROM T ORDER BY ID") == ROWS
    assert write_pandas(connection, FRAME, "T", chunk_size=2)[:3] == (True, 2, 3)
    assert write_pandas(connection, FRAME, "T", chunk_size=2, bulk_upload_chunks=True)[:3] == (True, 2, 3)
    assert run(connection, "SELECT COUNT(*) FROM T") == [(9,)]


@pytest.mark.supports("write_pandas with overwrite and with auto_create_table (permanent and temporary)")
def test_a_frame_makes_its_table(connection: SnowflakeConnection) -> None:
    write_pandas(connection, FRAME, "T", auto_create_table=True)
    assert run(connection, "SELECT ID, NAME, SEEN_AT, RAW FROM T ORDER BY ID") == [
        (r[0], r[1], r[5], r[7]) for r in ROWS
    ]
    write_pandas(connection, FRAME.head(1), "T", overwrite=True)
    assert run(connection, "SELECT ID FROM T") == [(1,)]
    write_pandas(connection, FRAME.tail(1), "T", auto_create_table=True, overwrite=True)
    assert run(connection, "SELECT ID FROM T") == [(3,)]
    write_pandas(connection, FRAME, "TEMPORARY_T", auto_create_table=True, table_type="temp")
    assert run(connection, "SELECT COUNT(*) FROM TEMPORARY_T") == [(3,)]


@pytest.mark.supports("write_pandas keeps lower-case and quoted names")
def test_names_are_kept(connection: SnowflakeConnection) -> None:
    run(connection, 'CREATE TABLE "my table" ("a b" NUMBER, "c" VARCHAR)')
    write_pandas(connection, pd.DataFrame({"a b": [1], "c": ["x"]}), "my table")
    assert run(connection, 'SELECT "a b", "c" FROM "my table"') == [(1, "x")]


@pytest.mark.supports("write_pandas of zoned times into TIMESTAMP_NTZ, of dicts and lists into VARCHAR, OBJECT, ARRAY")
def test_zoned_times_and_dicts(connection: SnowflakeConnection) -> None:
    frame = pd.DataFrame(
        {"AT": pd.to_datetime(["2026-01-01 10:00:00+02:00"]), "D": [{"x": 1, "y": [1]}], "L": [[1, 2]]}
    )
    for types in ("AT TIMESTAMP_NTZ, D VARCHAR, L VARIANT", "AT TIMESTAMP_NTZ, D OBJECT, L ARRAY"):
        connection.cursor().execute(f"CREATE OR REPLACE TABLE Z ({types})")
        assert write_pandas(connection, frame, "Z", use_logical_type=True)[0]
        row = connection.cursor().execute("SELECT AT, D, L FROM Z").fetchone()
        assert row == (datetime.datetime(2026, 1, 1, 8), '{"x":1,"y":[1]}', "[1,2]")


@pytest.mark.supports("write_pandas of what the table refuses is an error and loads nothing")
def test_a_refused_frame_loads_nothing(connection: SnowflakeConnection) -> None:
    run(connection, "CREATE TABLE T (ID NUMBER NOT NULL)")
    with pytest.raises(ProgrammingError):
        write_pandas(connection, pd.DataFrame({"ID": ["x", "2"]}), "T")
    assert run(connection, "SELECT COUNT(*) FROM T") == [(0,)]


@pytest.mark.supports("session.write_pandas and create_dataframe of a pandas frame")
def test_snowpark_writes_pandas(session: Session) -> None:
    session.write_pandas(FRAME, "T", auto_create_table=True)
    assert session.table("T").count() == 3
    frame = session.create_dataframe(FRAME[["ID", "NAME"]])
    assert [tuple(row) for row in frame.sort("ID").collect()] == [(r[0], r[1]) for r in ROWS]
