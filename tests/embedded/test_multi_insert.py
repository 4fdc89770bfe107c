"""INSERT ALL and INSERT FIRST: what Snowflake's documentation says of each form."""

from __future__ import annotations

from typing import Any

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.embedded.files import run

SOURCE = "SELECT column1 AS N, column2 AS NAME FROM VALUES (1, 'one'), (20, 'twenty'), (300, NULL), (NULL, 'none')"
FORMS = {
    "every INTO takes every row": (
        "ALL INTO A INTO B (NAME, N) VALUES (NAME, N) INTO C VALUES (NULL, N)",
        {"A": [1, 20, 300, None], "B": [1, 20, 300, None], "C": [None] * 4},
    ),
    "every WHEN that is met": (
        "ALL WHEN N > 10 THEN INTO A INTO B WHEN N > 100 THEN INTO C ELSE INTO C (N) VALUES (N)",
        {"A": [20, 300], "B": [20, 300], "C": [1, 300, None]},
    ),
    "the first WHEN that is met": (
        "FIRST WHEN N > 100 THEN INTO A WHEN N > 10 THEN INTO B ELSE INTO C INTO A (N) VALUES (N)",
        {"A": [1, 300, None], "B": [20], "C": [1, None]},
    ),
    "a row that no WHEN takes": ("ALL WHEN NAME LIKE 't%' THEN INTO A", {"A": [20], "B": [], "C": []}),
}


@pytest.fixture
def tables(connection: SnowflakeConnection) -> SnowflakeConnection:
    for name in "ABC":
        run(connection, f"CREATE TABLE {name} (N INT, NAME VARCHAR)")
    return connection


def stored(connection: SnowflakeConnection) -> dict[str, list[Any]]:
    return {name: [n for (n,) in run(connection, f"SELECT N FROM {name} ORDER BY N NULLS LAST")] for name in "ABC"}


@pytest.mark.supports("INSERT ALL and INSERT FIRST, with WHEN, ELSE and several INTO; counts per table")
@pytest.mark.parametrize("form", FORMS)
def test_rows_go_where_their_conditions_say(tables: SnowflakeConnection, form: str) -> None:
    clauses, expected = FORMS[form]
    cursor = tables.cursor()
    cursor.execute(f"INSERT {clauses} {SOURCE}")
    found = stored(tables)
    assert {name: found[name] for name in expected} == expected
    into = {name: len(rows) for name, rows in found.items() if f"INTO {name}" in clauses}
    named = [column.name for column in cursor.description]
    assert dict(zip(named, cursor.fetchone() or (), strict=True)) == {
        f"number of rows inserted into {name}": count for name, count in into.items()
    }
    assert cursor.rowcount == sum(into.values())


def test_what_one_into_refuses_no_table_keeps(tables: SnowflakeConnection) -> None:
    run(tables, "CREATE TABLE STRICT (N INT NOT NULL)")
    with pytest.raises(DatabaseError, match="NULL"):
        run(tables, f"INSERT ALL INTO A INTO STRICT (N) VALUES (N) {SOURCE}")
    assert stored(tables) == {"A": [], "B": [], "C": []}


def test_it_is_part_of_a_transaction(tables: SnowflakeConnection) -> None:
    for end, kept in (("ROLLBACK", []), ("COMMIT", [1])):
        run(tables, "BEGIN")
        run(tables, "INSERT ALL INTO A INTO B (N) VALUES (N) SELECT 1 AS N, 'x' AS NAME")
        run(tables, end)
        assert stored(tables) == {"A": kept, "B": kept, "C": []}


def test_a_table_may_be_read_and_written(tables: SnowflakeConnection) -> None:
    run(tables, "INSERT INTO A VALUES (1, 'one')")
    run(tables, "INSERT ALL INTO A INTO B SELECT N + 1 AS N, NAME FROM A")
    assert stored(tables) == {"A": [1, 2], "B": [2], "C": []}


def test_a_variant_takes_no_text(tables: SnowflakeConnection) -> None:
    run(tables, "CREATE TABLE V (R VARIANT)")
    run(tables, "INSERT ALL INTO V VALUES (R) SELECT PARSE_JSON('[1]') AS R")
    assert run(tables, "SELECT R[0]::INT FROM V") == [(1,)]
    with pytest.raises(ProgrammingError, match="VARIANT"):
        run(tables, "INSERT ALL INTO V VALUES (R) SELECT '[1]' AS R")


@pytest.mark.parametrize("clauses", ['INTO A ("n") VALUES (N)', 'INTO A (N) VALUES ("n")', 'WHEN "n" > 1 THEN INTO A'])
def test_a_name_is_meant_as_it_is_written(tables: SnowflakeConnection, clauses: str) -> None:
    with pytest.raises(ProgrammingError, match="invalid identifier"):
        run(tables, f"INSERT ALL {clauses} {SOURCE}")
    assert stored(tables)["A"] == []


@pytest.mark.parametrize("statement", ["OVERWRITE ALL INTO A", "ALL INTO A VALUES (N, DEFAULT)"])
def test_what_is_not_done_is_refused(tables: SnowflakeConnection, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="Unsupported feature"):
        run(tables, f"INSERT {statement} {SOURCE}")
    assert stored(tables)["A"] == []
