"""The protocol: logins, sessions, statements and results as unmodified clients see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.snowpark import Session

    from deployments.embedded import Endpoint


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


@pytest.mark.differs("a login makes the database and the schema that it names; on Snowflake they must be there")
def test_a_login_makes_its_database(endpoint: Endpoint, database: str) -> None:
    import snowflake.connector

    with snowflake.connector.connect(**endpoint.connection_parameters(f"{database}_NEW", "FIRST")) as connection:
        cursor = connection.cursor()
        assert cursor.execute("SELECT CURRENT_DATABASE(), CURRENT_SCHEMA()").fetchall() == [
            (f"{database}_NEW", "FIRST")
        ]
        cursor.execute(f"DROP DATABASE {database}_NEW")
        assert cursor.execute(f"SHOW DATABASES LIKE '{database}_NEW'").fetchall() == []


@pytest.mark.supports("QUERY_TAG, AUTOCOMMIT and other parameters at login")
def test_parameters_at_login(connection_parameters: dict[str, Any]) -> None:
    import snowflake.connector

    asked = {"QUERY_TAG": "nightly", "STATEMENT_TIMEOUT_IN_SECONDS": 7}
    with snowflake.connector.connect(**connection_parameters, session_parameters=asked) as connection:
        cursor = connection.cursor()
        shown = cursor.execute("SHOW PARAMETERS LIKE 'QUERY_TAG'").fetchall()
        assert [row[:2] for row in shown] == [("QUERY_TAG", "nightly")]
        cursor.execute("ALTER SESSION UNSET QUERY_TAG")
        cursor.execute("SELECT 1 AS untagged")
        history = cursor.execute(
            "SELECT query_text, query_tag FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY_BY_SESSION()) ORDER BY start_time"
        ).fetchall()
    assert history[0] == ("SHOW PARAMETERS LIKE 'QUERY_TAG'", "nightly")
    assert history[-1] == ("SELECT 1 AS untagged", "")


@pytest.mark.supports("RESULT_SCAN(LAST_QUERY_ID())")
def test_the_last_result_is_read_again(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    cursor.execute("SELECT 1 AS a UNION ALL SELECT 2")
    assert cursor.execute("SELECT SUM(a) FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))").fetchall() == [(3,)]
