"""What the embedded warehouse cannot do ends in an error that names it, never in a silent difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

REFUSED = {
    "streams of views": ("CREATE STREAM s ON VIEW v", "STREAM"),
    "running a task": ("EXECUTE TASK k", "EXECUTE"),
    "notifications of pipes": (
        "CREATE PIPE p AWS_SNS_TOPIC = 'arn' AS COPY INTO t FROM @s",
        "pipe option AWS_SNS_TOPIC",
    ),
    "dynamic tables": ("CREATE DYNAMIC TABLE d TARGET_LAG = '1 hour' WAREHOUSE = w AS SELECT * FROM t", "DYNAMIC"),
    "materialized views": ("CREATE MATERIALIZED VIEW m AS SELECT * FROM t", "MATERIALIZED"),
    "CALL": ("CALL not_there()", "CALL"),
    "functions of one's own (UDF, UDTF)": ("CREATE FUNCTION f() RETURNS INT AS '1'", "FUNCTION"),
    "credentials of external stages": (
        "CREATE STAGE x URL = 's3://bucket/path' CREDENTIALS = (AWS_KEY_ID = 'k')",
        "CREDENTIALS of an external stage",
    ),
    "INSERT OVERWRITE ALL": ("INSERT OVERWRITE ALL INTO t SELECT 1", "INSERT OVERWRITE ALL"),
    "time travel": ("SELECT * FROM t AT (OFFSET => -60)", "time travel"),
    "UNDROP": ("UNDROP TABLE t", "UNDROP"),
    "row access and masking policies": ("CREATE MASKING POLICY p AS (v STRING) RETURNS STRING -> v", "MASKING"),
    "Snowflake Scripting blocks": ("EXECUTE IMMEDIATE 'SELECT 1'", "EXECUTE IMMEDIATE"),
    "functions of Snowflake that are not done": ("SELECT PARSE_XML('<a/>')", "function PARSE_XML"),
    "GET_DDL of what is neither a table nor a view": ("SELECT GET_DDL('SCHEMA', 'PUBLIC')", "GET_DDL of SCHEMA"),
    "query history filters other than RESULT_LIMIT": (
        "SELECT * FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(END_TIME_RANGE_START => '2026-01-01'::TIMESTAMP_LTZ))",
        "QUERY_HISTORY",
    ),
}


@pytest.mark.parametrize("feature", REFUSED)
def test_it_is_refused_by_name(connection: SnowflakeConnection, feature: str) -> None:
    import snowflake.connector

    connection.cursor().execute("CREATE TABLE t (a INT)")
    statement, name = REFUSED[feature]
    with pytest.raises(snowflake.connector.errors.ProgrammingError) as refused:
        connection.cursor().execute(statement)
    assert "Unsupported feature" in str(refused.value)
    assert name.lower() in str(refused.value).lower()


@pytest.mark.differs("a transaction may change one database; a change of a second one in it is refused")
def test_a_transaction_over_two_databases_is_refused(connection: SnowflakeConnection, database: str) -> None:
    import snowflake.connector

    cursor = connection.cursor()
    cursor.execute("CREATE TABLE here (a INT)")
    cursor.execute(f"CREATE DATABASE {database}_OTHER")
    cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {database}_OTHER.PUBLIC")
    cursor.execute(f"CREATE TABLE {database}_OTHER.PUBLIC.there (a INT)")
    cursor.execute("BEGIN")
    cursor.execute(f"INSERT INTO {database}.PUBLIC.here VALUES (1)")
    with pytest.raises(snowflake.connector.errors.ProgrammingError, match="single attached database"):
        cursor.execute(f"INSERT INTO {database}_OTHER.PUBLIC.there VALUES (1)")
    cursor.execute("ROLLBACK")
    cursor.execute(f"DROP DATABASE {database}_OTHER")


@pytest.mark.differs("a statement that fails in BEGIN … COMMIT loses the transaction: COMMIT is refused until ROLLBACK")
def test_a_failed_statement_loses_its_transaction(connection: SnowflakeConnection) -> None:
    import snowflake.connector

    cursor = connection.cursor()
    cursor.execute("CREATE TABLE t (a INT)")
    cursor.execute("BEGIN")
    cursor.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(snowflake.connector.errors.ProgrammingError):
        cursor.execute("INSERT INTO t SELECT 1 / 0")
    with pytest.raises(snowflake.connector.errors.ProgrammingError, match="lost its changes"):
        cursor.execute("COMMIT")
    assert cursor.execute("SELECT COUNT(*) FROM t").fetchall() == [(0,)]


@pytest.mark.differs("the query history holds the last 20,000 statements of the running server only")
def test_the_query_history_is_that_of_the_server(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    cursor.execute("SELECT 'remember me'")
    counted = "SELECT COUNT(*) FROM SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY WHERE query_text = 'SELECT ''remember me'''"
    assert cursor.execute(counted).fetchall() == [(1,)]


@pytest.mark.differs("one user and one role: users, roles, grants and warehouses are not kept")
def test_there_is_one_user_and_one_role(connection: SnowflakeConnection) -> None:
    row = connection.cursor().execute("SELECT CURRENT_USER(), CURRENT_ROLE(), CURRENT_WAREHOUSE()").fetchone()
    assert row == ("SNOWCAST", "SYSADMIN", "EMBEDDED")
