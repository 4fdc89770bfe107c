"""Statements that DuckDB answers otherwise, with Snowflake's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.embedded.answers import one, rows
from tests.embedded.files import refusal, run

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.snowpark import Session


@pytest.fixture
def records(connection: SnowflakeConnection) -> SnowflakeConnection:
    """A table of records whose numbers order otherwise as texts."""
    run(connection, "CREATE TABLE t (rec VARIANT)")
    for number in (10, 9, 100):
        run(connection, f"INSERT INTO t SELECT PARSE_JSON('{{\"viewers\": {number}}}')")
    return connection


@pytest.mark.supports("object literals {'a': 1}: keys as written")
def test_object_literals(connection: SnowflakeConnection) -> None:
    assert one(connection, "SELECT {'a': 1}") == '{"a":1}'
    assert one(connection, "SELECT {'a': 1}:a::INT") == 1
    assert one(connection, "SELECT {'a b': {'C': 2}}:\"a b\":C::INT") == 2
    assert one(connection, "WITH x AS (SELECT {'k': 1} AS o) SELECT o:k::INT FROM x") == 1


@pytest.mark.supports(
    "numbers in VARIANT compare as numbers: ORDER BY, windows, QUALIFY, MAX, MIN, GREATEST, >, BETWEEN"
)
def test_numbers_in_variants_compare_as_numbers(records: SnowflakeConnection) -> None:
    for order in ("rec:viewers", "n", "rec:viewers::VARIANT"):
        assert rows(records, f"SELECT rec:viewers AS n FROM t ORDER BY {order}") == [("9",), ("10",), ("100",)]
    assert rows(records, "SELECT MAX(rec:viewers), MIN(rec:viewers) FROM t") == [("100", "9")]
    ranked = "SELECT rec:viewers FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY rec:viewers DESC) = 1"
    assert rows(records, ranked) == [("100",)]
    ranks = "SELECT rec:viewers::INT, RANK() OVER (ORDER BY rec:viewers) FROM t ORDER BY 2"
    assert rows(records, ranks) == [(9, 1), (10, 2), (100, 3)]
    assert one(records, "SELECT LISTAGG(rec:viewers, ',') WITHIN GROUP (ORDER BY rec:viewers) FROM t") == "9,10,100"
    assert one(records, "SELECT COUNT(*) FROM t a, t b WHERE a.rec:viewers > b.rec:viewers") == 3
    assert one(records, "SELECT COUNT(*) FROM t WHERE rec:viewers BETWEEN 9 AND 50") == 2
    assert rows(records, "SELECT GREATEST(rec:viewers, 50) FROM t ORDER BY 1") == [(50,), (50,), (100,)]
    assert one(records, "SELECT COUNT(*) FROM t WHERE GREATEST(rec:viewers, rec:viewers) = rec:viewers") == 3


def test_snowpark_orders_variants_as_numbers(records: SnowflakeConnection, session: Session) -> None:
    from snowflake.snowpark import functions
    from snowflake.snowpark.functions import col

    viewers = col("rec")["viewers"]
    ordered = session.table("t").select(viewers.alias("n")).sort(viewers.desc()).collect()
    assert [row["N"] for row in ordered] == ["100", "10", "9"]
    assert session.table("t").agg(functions.max(viewers).alias("m")).collect()[0]["M"] == "100"


@pytest.mark.differs("a whole VARIANT column in ORDER BY, MAX and MIN is compared as text; a path of it as what it is")
def test_order_of_whole_variants(connection: SnowflakeConnection) -> None:
    run(connection, "CREATE TABLE t AS SELECT 10::VARIANT AS v UNION ALL SELECT 9::VARIANT")
    assert rows(connection, "SELECT v FROM t ORDER BY v") == [("10",), ("9",)]
    assert rows(connection, "SELECT v FROM t ORDER BY v::INT") == [("9",), ("10",)]


@pytest.mark.supports(
    "what is no time is an error, or NULL by TRY_: words after a time, names of zones, infinity, epoch"
)
def test_words_are_no_times(connection: SnowflakeConnection) -> None:
    for word in ("2026-03-04 10:00:00 PM", "2026-03-04 10:00:00 PST", "2026-03-04 10:00:00 foo", "infinity", "epoch"):
        for kind in ("TIMESTAMP_NTZ", "TIMESTAMP_TZ", "TIMESTAMP_LTZ", "DATE"):
            assert refusal(connection, f"SELECT '{word}'::{kind}").errno in {100035, 100040}, (word, kind)
            assert one(connection, f"SELECT TRY_CAST('{word}' AS {kind})") is None, (word, kind)
            assert one(connection, f"SELECT TRY_CAST(PARSE_JSON('[\"{word}\"]')[0]::STRING AS {kind})") is None
        assert refusal(connection, f"SELECT TO_TIMESTAMP('{word}')").errno == 100035
        assert one(connection, f"SELECT TRY_TO_TIMESTAMP_NTZ('{word}')") is None
    run(connection, "CREATE TABLE t (at TIMESTAMP_NTZ)")
    assert refusal(connection, "INSERT INTO t SELECT '2026-03-04 10:00:00 PM'::TIMESTAMP_NTZ").errno == 100035


@pytest.mark.supports(
    "times in every format that AUTO takes: 11/27/2026 10:00:00, Fri, 27 Nov 2026 …, 15-Jan-2026, …T10"
)
def test_automatic_formats(connection: SnowflakeConnection) -> None:
    times = ("11/27/2026 10:00:00", "Fri, 27 Nov 2026 10:00:00 +0000", "2026-11-27T10", "2026-11-27 10:00")
    for text in times:
        assert str(one(connection, f"SELECT '{text}'::TIMESTAMP_NTZ")) == "2026-11-27 10:00:00", text
        assert str(one(connection, f"SELECT TRY_TO_TIMESTAMP('{text}')")) == "2026-11-27 10:00:00", text
    for text in ("01/15/2026", "15-Jan-2026", "2026-01-15", "2026-01-15 03:04:05"):
        assert str(one(connection, f"SELECT '{text}'::DATE")) == "2026-01-15", text
    assert str(one(connection, "SELECT TO_DATE('1700000000')")) == "2023-11-14"
    assert str(one(connection, "SELECT TO_DATE(TO_TIMESTAMP(0))")) == "1970-01-01"
    assert str(one(connection, "SELECT '2026-03-04 10:00:00 +05:30'::TIMESTAMP_TZ")) == "2026-03-04 04:30:00+00:00"


@pytest.mark.supports("window functions that number rows need an ORDER BY")
def test_ranks_need_an_order(connection: SnowflakeConnection) -> None:
    for call in ("ROW_NUMBER()", "RANK()", "LAG(a)", "LEAD(a)", "NTILE(2)"):
        for over in ("()", "(PARTITION BY a)"):
            assert "ORDER BY" in str(refusal(connection, f"SELECT {call} OVER {over} FROM (SELECT 1 AS a)").msg)
    assert one(connection, "SELECT SUM(1) OVER () FROM (SELECT 1 AS a)") == 1


@pytest.mark.supports("FLATTEN whatever its input is: SEQ is a number that clients can read")
def test_flatten_of_anything(connection: SnowflakeConnection) -> None:
    for number in range(40):
        flattened = rows(connection, f"SELECT * FROM TABLE(FLATTEN(INPUT => PARSE_JSON('[{number}]')))")
        assert flattened[0][4] == str(number)


@pytest.mark.supports("CREATE TABLE t IF NOT EXISTS (…), as Snowpark's save_as_table(mode='append') sends it")
def test_exists_after_the_name(connection: SnowflakeConnection, session: Session) -> None:
    for _ in range(2):
        run(connection, "CREATE TABLE u IF NOT EXISTS (a INT)")
    frame = session.create_dataframe([(1,)], schema=["A"])
    for _ in range(2):
        frame.write.save_as_table("appended", mode="append")
    assert one(connection, "SELECT COUNT(*) FROM appended") == 2


@pytest.mark.supports("SHOW OBJECTS and SHOW USER FUNCTIONS with the columns that dbt-snowflake reads")
def test_what_dbt_shows(connection: SnowflakeConnection, database: str) -> None:
    run(connection, "CREATE TABLE t (a INT)")
    cursor = connection.cursor().execute("SHOW OBJECTS")
    assert {"is_dynamic", "is_iceberg", "is_hybrid"} <= {column.name for column in cursor.description}
    for what in ("USER FUNCTIONS", "USER PROCEDURES", "EXTERNAL FUNCTIONS"):
        cursor = connection.cursor().execute(f"SHOW {what} IN {database}.PUBLIC")
        assert cursor.fetchall() == []
        assert {"name", "schema_name", "catalog_name"} <= {column.name for column in cursor.description}


@pytest.mark.supports("INFORMATION_SCHEMA.TABLES of a database without tables")
def test_a_database_without_tables(connection: SnowflakeConnection, database: str) -> None:
    assert rows(connection, f"SELECT table_name FROM {database}.INFORMATION_SCHEMA.TABLES") == []


@pytest.mark.supports("numbers as arguments of text functions: UPPER(1), LENGTH(12), LEFT(123, 2)")
def test_numbers_as_text(connection: SnowflakeConnection) -> None:
    assert rows(connection, "SELECT UPPER(1), LENGTH(12), LEFT(123, 2), '5' || 1") == [("1", 2, "12", "51")]
