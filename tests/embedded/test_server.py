"""The protocol: logins, sessions, statements and results as unmodified clients see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.snowpark import Session


@pytest.mark.supports("plain connector: login, statements, results")
def test_a_statement_returns_its_rows(connection: SnowflakeConnection) -> None:
    assert connection.cursor().execute("SELECT 1 AS a, 'x' AS b").fetchall() == [(1, "x")]


@pytest.mark.supports("Snowpark session: login, statements, results")
def test_snowpark_reads_what_it_wrote(session: Session) -> None:
    session.sql("CREATE TABLE t (a INT)").collect()
    session.sql("INSERT INTO t VALUES (1), (2)").collect()
    assert [row["A"] for row in session.table("t").sort("a").collect()] == [1, 2]


@pytest.mark.supports("a login with a wrong secret is refused")
def test_wrong_secret_is_refused(connection_parameters: dict[str, Any]) -> None:
    import snowflake.connector

    with pytest.raises(snowflake.connector.DatabaseError) as refused:
        snowflake.connector.connect(**{**connection_parameters, "password": "guessed"})
    assert refused.value.errno == 390100
