"""Statements that DuckDB answers otherwise, with Snowflake's answer."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
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


@pytest.mark.supports('names in quotes keep their case: a column "viewer_count" is not viewer_count, "id" is not ID')
def test_names_in_quotes_keep_their_case(connection: SnowflakeConnection) -> None:
    run(connection, 'CREATE TABLE t ("viewer_count" INT, id INT)')
    run(connection, 'CREATE TABLE "lower_t" AS SELECT 1 AS a')
    run(connection, 'CREATE VIEW "lower_v" AS SELECT "viewer_count" AS v, id FROM t')
    run(connection, 'INSERT INTO t ("viewer_count", id) VALUES (5, 1)')
    for wrong in (
        "SELECT viewer_count FROM t",
        'SELECT "id" FROM t',
        'SELECT x.viewer_count FROM (SELECT "viewer_count" FROM t) x',
        "WITH c AS (SELECT * FROM t) SELECT VIEWER_COUNT FROM c",
        "INSERT INTO t (viewer_count) VALUES (1)",
        "UPDATE t SET viewer_count = 1",
        "DELETE FROM t WHERE viewer_count = 5",
        "SELECT 1 FROM t ORDER BY viewer_count",
        "CREATE TABLE u AS SELECT viewer_count FROM t",
        'SELECT "v" FROM "lower_v"',
        'MERGE INTO t USING (SELECT 1 AS k) s ON t."id" = s.k WHEN MATCHED THEN DELETE',
    ):
        assert refusal(connection, wrong).errno == 904, wrong
    for wrong in ("SELECT * FROM lower_t", 'SELECT * FROM "t"', "SELECT * FROM LOWER_V", "DELETE FROM lower_t"):
        assert refusal(connection, wrong).errno == 2003, wrong
    assert rows(connection, 'SELECT "viewer_count", ID, t.id AS "Id" FROM T') == [(5, 1, 1)]
    assert rows(connection, 'SELECT v, id, "lower_t".a FROM "lower_v", "lower_t"') == [(5, 1, 1)]
    assert rows(connection, 'SELECT value:x::INT AS "value" FROM t, LATERAL FLATTEN(PARSE_JSON(\'[{"x": 7}]\'))') == [
        (7,)
    ]
    assert rows(connection, 'SELECT "viewer_count" + 1 AS viewer_count FROM t ORDER BY viewer_count') == [(6,)]


@pytest.mark.differs("columns of one SELECT whose names differ only in case are refused; Snowflake takes them")
def test_selected_names_that_differ_in_case(connection: SnowflakeConnection) -> None:
    refused = refusal(connection, 'SELECT col FROM (SELECT 1 AS "col", 2 AS COL)')
    assert refused.errno == 2
    assert "differ only in case" in str(refused.msg)


@pytest.mark.supports(
    "errors for SQRT(-1), LN(0), POWER(10, 400), MIN(a, 2), COALESCE(a), and for keys or columns that are named twice"
)
def test_errors_that_duckdb_does_not_have(connection: SnowflakeConnection) -> None:
    codes = {
        "SELECT SQRT(-1)": 100183,
        "SELECT LN(0)": 100183,
        "SELECT POWER(10, 400)": 100183,
        "SELECT ASIN(2)": 100183,
        "SELECT MIN(1, 2)": 939,
        "SELECT COALESCE(1)": 938,
        "SELECT OBJECT_CONSTRUCT('a', 1, 'a', 2)": 100103,
        "CREATE TABLE t AS SELECT 1 AS a, 2 AS a": 2025,
        "CREATE VIEW t AS SELECT 1 AS a, 2 AS a": 2025,
        "SELECT ARRAY_SORT([3, 1, NULL, 2], FALSE)": 2,
    }
    assert {statement: refusal(connection, statement).errno for statement in codes} == codes
    assert rows(connection, "SELECT SQRT(4), LN(1), POWER(2, 3), SQRT(NULL)") == [(2.0, 0.0, 8.0, None)]


@pytest.mark.supports(
    "SPLIT by an empty or NULL separator, ARRAY_DISTINCT with NULL, TRY_CAST to a VARCHAR that is too short"
)
def test_edges_of_functions(connection: SnowflakeConnection) -> None:
    split = "SELECT SPLIT('abc', ''), SPLIT('x', NULL), SPLIT('a,b', ',')"
    assert rows(connection, split) == [('["abc"]', None, '["a","b"]')]
    assert one(connection, "SELECT ARRAY_SIZE(ARRAY_DISTINCT(['A', 'A', NULL]))") == 2
    assert rows(connection, "SELECT TRY_CAST('hello' AS VARCHAR(3)), TRY_CAST('hel' AS VARCHAR(3))") == [(None, "hel")]


@pytest.mark.supports(
    "errors for WHERE 1, IS_ARRAY('a'), TRY_CAST(1 AS VARCHAR), a text in VALUES for a VARIANT column"
)
def test_types_that_do_not_fit(connection: SnowflakeConnection) -> None:
    run(connection, "CREATE TABLE v (v VARIANT, n INT)")
    codes = {
        "SELECT 1 WHERE 1": 2401,
        "SELECT 1 FROM v WHERE n = 1 AND (2 OR n > 1)": 2401,
        "SELECT n FROM v GROUP BY n HAVING 1": 2401,
        "SELECT n FROM v QUALIFY 3": 2401,
        "SELECT 1 FROM v a JOIN v b ON 1": 2401,
        "SELECT IS_ARRAY('a')": 1044,
        "SELECT IS_INTEGER(1)": 1044,
        "SELECT TYPEOF('a')": 1044,
        "SELECT AS_VARCHAR(UPPER('a'))": 1044,
        "SELECT TRY_CAST(1 AS VARCHAR)": 1065,
        "SELECT TRY_CAST(TRUE AS INT)": 1065,
        "INSERT INTO v (v) VALUES ('{\"a\":1}')": 2023,
        "INSERT INTO v VALUES (PARSE_JSON('1'), 1), ('x', 2)": 2023,
    }
    assert {statement: refusal(connection, statement).errno for statement in codes} == codes
    assert one(connection, "SELECT 1 WHERE 1 = 1 AND TRUE") == 1
    assert one(connection, "SELECT TRY_CAST('1' AS INT) + 1") == 2


@pytest.mark.supports(
    "text where a number or a time is asked for: '5' + 1, SUM(text), YEAR('2026-01-01'), DATEDIFF of texts"
)
def test_texts_as_numbers_and_times(connection: SnowflakeConnection) -> None:
    assert rows(connection, "SELECT '5' + 1, 2 * '3', -'3', '7' / 2") == [(6, 6, -3, Decimal("3.5"))]
    run(connection, "CREATE TABLE t (s VARCHAR, d VARCHAR, v VARIANT)")
    run(connection, "INSERT INTO t SELECT '1.5', '2026-02-03 04:05:06', PARSE_JSON('3')")
    assert rows(connection, "SELECT SUM(s), AVG(s), SUM(v), s + 1 AS n FROM t GROUP BY s") == [
        (1.5, 1.5, 3.0, Decimal("2.5"))
    ]
    assert rows(connection, "SELECT YEAR(d), HOUR(d), DAYNAME(d), LAST_DAY(d) FROM t") == [
        (2026, 4, "Tue", date(2026, 2, 28))
    ]
    assert rows(connection, "SELECT DATEDIFF(day, '2026-02-01', d), DATE_TRUNC('month', d) FROM t") == [
        (2, datetime(2026, 2, 1))
    ]
    assert rows(connection, "SELECT SUM(s) AS t FROM t WHERE YEAR(d) > 2025") == [(1.5,)]
    assert refusal(connection, "SELECT SUM(d) FROM t").errno == 100038
    assert refusal(connection, "SELECT SUM(nope) FROM t").errno == 904
    run(connection, "BEGIN")
    run(connection, "INSERT INTO t (s) VALUES ('2')")
    assert one(connection, "SELECT SUM(s) FROM t") == 3.5
    run(connection, "COMMIT")
    assert one(connection, "SELECT SUM(s) FROM t") == 3.5
    assert [column.name for column in connection.cursor().describe("SELECT SUM(s) FROM t")] == ["SUM(S)"]


@pytest.mark.supports("CONVERT_TIMEZONE(zone, t): its day, hour or text; what would go on without its zone is refused")
def test_times_in_their_own_zones(connection: SnowflakeConnection) -> None:
    local = "CONVERT_TIMEZONE('America/New_York', CURRENT_TIMESTAMP())"
    for statement in (
        f"SELECT DATEDIFF(hour, {local}, CURRENT_TIMESTAMP())",
        f"SELECT {local} < CURRENT_TIMESTAMP()",
        f"SELECT {local} AS local",
        f"SELECT local < CURRENT_TIMESTAMP() FROM (SELECT {local} AS local)",
        f"CREATE TABLE t AS SELECT {local} AS at",
        f"SELECT 1 ORDER BY {local}",
        f"SELECT DATE_TRUNC('day', {local})",
    ):
        refused = refusal(connection, statement)
        assert refused.errno == 2
        assert "CONVERT_TIMEZONE" in str(refused.msg)
    assert one(connection, f"SELECT DATEDIFF(hour, {local}, {local})") == 0
    night = "CONVERT_TIMEZONE('America/New_York', '2026-01-01 02:00'::TIMESTAMP_TZ)"
    read = f"SELECT {night}::DATE, HOUR({night}), TO_CHAR({night}, 'HH24'), TO_TIMESTAMP_NTZ({night}), TO_DATE({night})"
    evening = datetime(2025, 12, 31, 21)
    assert rows(connection, read) == [(evening.date(), 21, "21", evening, evening.date())]
    assert str(one(connection, "SELECT CONVERT_TIMEZONE('UTC', '2026-01-01 10:00 +0200'::TIMESTAMP_TZ)")) == (
        "2026-01-01 08:00:00+00:00"
    )


@pytest.mark.supports("COLLATE, of a column or in a comparison, is refused; texts are compared letter by letter")
def test_collations(connection: SnowflakeConnection) -> None:
    for statement in ("SELECT 'a' COLLATE 'en-ci' = 'A'", "CREATE TABLE t (a VARCHAR COLLATE 'en-ci')"):
        assert "COLLATE" in str(refusal(connection, statement).msg)
    run(connection, "CREATE TABLE t (a VARCHAR COLLATE 'utf8')")


@pytest.mark.differs("a result of type INTERVAL, as of a difference of two timestamps, is refused by name")
def test_intervals(connection: SnowflakeConnection) -> None:
    for interval in ("'2026-01-02'::TIMESTAMP - '2026-01-01'::TIMESTAMP", "INTERVAL '1 day'"):
        assert "INTERVAL" in str(refusal(connection, f"SELECT {interval} AS i").msg)
    assert str(one(connection, "SELECT '2026-01-01'::DATE + INTERVAL '1 day'"))[:10] == "2026-01-02"


@pytest.mark.differs("UPDATE … FROM with several source rows for one: 'multi-joined rows updated' is always 0")
def test_multi_joined_rows(connection: SnowflakeConnection) -> None:
    run(connection, "CREATE TABLE t AS SELECT 1 AS k, 0 AS n")
    joined = "UPDATE t SET n = s.n FROM (SELECT 1 AS k, 1 AS n UNION ALL SELECT 1, 2) s WHERE t.k = s.k"
    assert run(connection, joined)[0][1] == 0


@pytest.mark.differs("TIMESTAMP_NTZ(9) keeps microseconds; Snowflake keeps nanoseconds")
def test_nanoseconds(connection: SnowflakeConnection) -> None:
    text = "SELECT TO_CHAR('2026-01-01 00:00:00.123456789'::TIMESTAMP_NTZ, 'FF9')"
    assert one(connection, text) == "123456000"


@pytest.mark.supports("CURRENT_DATE and CURRENT_TIME alone in a SELECT")
def test_today(connection: SnowflakeConnection) -> None:
    assert one(connection, "SELECT CURRENT_DATE = CURRENT_TIMESTAMP::DATE") is True
    assert one(connection, "SELECT CURRENT_DATE") == one(connection, "SELECT CURRENT_DATE()")
    assert str(one(connection, "SELECT CURRENT_TIME")).count(":") == 2
