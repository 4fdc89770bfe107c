"""It raises where Snowflake raises, with Snowflake's code."""

from __future__ import annotations

import pytest
from snowflake.connector.errors import DatabaseError

from tests.embedded.files import refusal, run

TABLE = "CREATE TABLE T (A INT NOT NULL, B VARCHAR(3), C NUMBER(5, 2), D DATE, F BOOLEAN)"
ERRORS = {
    "INSERT INTO T (A) VALUES (NULL)": 100072,
    "INSERT INTO T (A, B) VALUES (1, 'abcd')": 100078,
    "INSERT INTO T (A, C) VALUES (1, 12345.6)": 100039,
    "INSERT INTO T (A) VALUES ('abc')": 100038,
    "INSERT INTO T (A, D) VALUES (1, '2024-13-01')": 100040,
    "INSERT INTO T (A, F) VALUES (1, 'maybe')": 100037,
    "INSERT INTO T VALUES (1)": 2020,
    "SELECT 1 / 0": 100051,
    "SELECT MOD(1, 0)": 100051,
    "SELECT 'abc' :: INT": 100038,
    "SELECT 123456 :: NUMBER(4, 2)": 100039,
    "SELECT '2024-13-01' :: DATE": 100040,
    "SELECT 'xx' :: TIMESTAMP": 100035,
    "SELECT 'xx' :: TIME": 100108,
    "SELECT 'maybe' :: BOOLEAN": 100037,
    "SELECT TO_TIMESTAMP('2024', 'YYYY-MM-DD')": 100096,
    "SELECT PARSE_JSON('{bad')": 100069,
    "SELECT 9223372036854775807 + 1": 100046,
    "SELECT * FROM NOPE": 2003,
    "SELECT NOPE FROM T": 904,
    "SELECT X.A FROM T": 904,
    "UPDATE T SET NOPE = 1": 904,
    "SELECT NOPE(1)": 2140,
    "SELECT A, COUNT(*) FROM T": 979,
    "SELECT A FROM T JOIN T T2 ON TRUE": 2028,
    "SELECT 1 UNION SELECT 1, 2": 1789,
    "SELECT 1; SELECT 2": 8,
    "SELEC 1": 1003,
    "SELECT FROM WHERE": 1003,
    "CREATE TABLE T (A INT)": 2002,
    "DROP TABLE NOPE": 2003,
    "DROP VIEW T": 2203,
    "USE SCHEMA NOPE": 2043,
    "DESCRIBE TABLE NOPE": 2003,
}


@pytest.mark.supports(
    "Snowflake's error codes: NULL in NOT NULL, text too long, overflow, casts, division by zero, names …"
)
def test_error_codes(connection):
    cursor = connection.cursor()
    cursor.execute(TABLE)
    got = {}
    for statement in ERRORS:
        with pytest.raises(DatabaseError) as raised:
            cursor.execute(statement)
        got[statement] = raised.value.errno
    assert got == ERRORS


@pytest.mark.supports("VARCHAR(n) is enforced by INSERT, UPDATE and MERGE")
def test_length_of_text(connection):
    cursor = connection.cursor()
    cursor.execute(TABLE)
    cursor.execute("INSERT INTO T (A, B) VALUES (1, 'abc')")
    merge = "MERGE INTO T USING (SELECT 1 A, 'abcd' B) S ON T.A = S.A WHEN MATCHED THEN UPDATE SET B = S.B"
    for statement in ("UPDATE T SET B = 'abcd'", merge):
        with pytest.raises(DatabaseError) as raised:
            cursor.execute(statement)
        assert raised.value.errno == 100078
    assert cursor.execute("SELECT B FROM T").fetchall() == [("abc",)]


@pytest.mark.supports("a text that would be longer than Snowflake's longest (128 MB) is an error (100078)")
def test_the_longest_text(connection):
    for made in (
        "REPEAT('a', 2000000000)",
        "REPEAT('ab', 100000000)",
        "RANDSTR(2000000000, 1)",
        "REPLACE(REPEAT('a', 20000), 'a', REPEAT('b', 20000))",
        "SPACE(2000000000)",
        "LPAD('a', 2000000000, 'x')",
    ):
        for statement in (f"SELECT {made}", f"SELECT LENGTH({made} || 'x')", f"CREATE TABLE u AS SELECT {made} AS a"):
            assert refusal(connection, statement).errno == 100078, statement
    short = "SELECT LENGTH(REPEAT('ab', 1000000)), RPAD('a', 3, 'x'), REPEAT('a', 0), SPACE(2), LPAD(7, 3, '0')"
    assert run(connection, short) == [(2000000, "axx", "", "  ", "007")]
