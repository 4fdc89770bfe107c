"""How statements run: once, in parallel, in the background, until cancelled or timed out."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from snowflake.connector.errors import ProgrammingError

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.connector.cursor import SnowflakeCursor
    from snowflake.snowpark import Session

ROOT = Path(__file__).resolve().parents[2]
ENDLESS = "SELECT SUM(HASH(a.n, b.n, c.n)) FROM numbers a, numbers b, numbers c"


@pytest.fixture
def numbers(connection: SnowflakeConnection) -> SnowflakeConnection:
    """A connection to a database with a table of 10,000 numbers; three of it in a product never end."""
    connection.cursor().execute("CREATE TABLE numbers (n INT)")
    connection.cursor().execute("INSERT INTO numbers VALUES " + ", ".join(f"({n})" for n in range(100)))
    connection.cursor().execute("INSERT INTO numbers SELECT a.n * 100 + b.n FROM numbers a, numbers b")
    return connection


def value(connection: SnowflakeConnection, sql: str) -> Any:
    row = connection.cursor().execute(sql).fetchone()
    assert isinstance(row, tuple)
    return row[0]


@pytest.fixture
def hasty_endpoint(tmp_path: Path) -> Iterator[Any]:
    """A warehouse that tells its clients to ask again after half a second instead of forty."""
    from deployments.embedded import find, stop

    command = [sys.executable, "-m", "deployments.embedded", "--home", str(tmp_path), "--answer-within", "0.5"]
    process = subprocess.Popen(command, cwd=ROOT)
    while (endpoint := find(tmp_path)) is None:
        assert process.poll() is None
        time.sleep(0.02)
    yield endpoint
    stop(tmp_path)
    process.wait(20)


@pytest.mark.supports("a statement longer than the client's read: told to be in progress, run once, result delivered")
def test_a_long_statement_runs_once_and_returns_its_result(hasty_endpoint: Any) -> None:
    import snowflake.connector

    with snowflake.connector.connect(**hasty_endpoint.connection_parameters()) as connection:
        connection.cursor().execute("CREATE TABLE t (a INT)")
        assert value(connection, "SELECT SYSTEM$WAIT(2)") == "waited 2 seconds"
        connection.cursor().execute("INSERT INTO t SELECT 1")
        history = connection.cursor().execute(
            "SELECT query_text FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY()) WHERE query_text LIKE '%WAIT%'"
        )
        assert len(history.fetchall()) == 1


@pytest.mark.long
@pytest.mark.supports("a statement of three minutes returns its result to the unmodified connector")
def test_three_minutes(connection: SnowflakeConnection) -> None:
    assert value(connection, "SELECT SYSTEM$WAIT(3, 'MINUTES')") == "waited 3 minutes"


@pytest.mark.supports("a repeated request (the connector's retry) does not run the statement twice")
def test_a_repeated_request_runs_once(connection: SnowflakeConnection) -> None:
    connection.cursor().execute("CREATE TABLE t (a INT)")
    request = str(uuid.uuid4())
    body = {"sqlText": "INSERT INTO t VALUES (1)", "sequenceId": 1}
    rest = connection.rest
    assert rest is not None
    first = rest.request(f"/queries/v1/query-request?requestId={request}", body)
    again = rest.request(f"/queries/v1/query-request?requestId={request}&retryCount=1", body)
    assert first["data"]["queryId"] == again["data"]["queryId"]
    assert value(connection, "SELECT COUNT(*) FROM t") == 1


@pytest.mark.supports("sessions run their statements in parallel")
def test_sessions_do_not_wait_for_each_other(connection: SnowflakeConnection, session: Session) -> None:
    began = time.monotonic()
    waiting = threading.Thread(target=value, args=(connection, "SELECT SYSTEM$WAIT(6)"))
    waiting.start()
    session.sql("SELECT 1").collect()
    assert time.monotonic() - began < 5
    waiting.join()


@pytest.mark.supports("cancel: the connector's timeout, SYSTEM$CANCEL_ALL_QUERIES, Session.cancel_all")
def test_a_statement_is_cancelled(numbers: SnowflakeConnection, session: Session) -> None:
    import snowflake.connector

    began = time.monotonic()
    with pytest.raises(snowflake.connector.errors.ProgrammingError) as timed_out:
        numbers.cursor().execute(ENDLESS, timeout=1)
    assert timed_out.value.errno == 604
    assert time.monotonic() - began < 10
    job = session.sql("SELECT SYSTEM$WAIT(60)").collect_nowait()
    session.cancel_all()
    with pytest.raises(snowflake.connector.errors.DatabaseError):
        job.result()
    assert value(numbers, "SELECT 1") == 1


@pytest.mark.supports("STATEMENT_TIMEOUT_IN_SECONDS")
def test_a_statement_that_takes_too_long_ends(numbers: SnowflakeConnection) -> None:
    import snowflake.connector

    numbers.cursor().execute("ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 1")
    with pytest.raises(snowflake.connector.errors.ProgrammingError, match="timeout of 1 second") as timed_out:
        numbers.cursor().execute(ENDLESS)
    assert timed_out.value.errno == 630


@pytest.mark.supports("asynchronous statements: execute_async, get_results_from_sfqid, collect_nowait, query status")
def test_asynchronous_statements(connection: SnowflakeConnection, session: Session) -> None:
    import snowflake.connector

    cursor = connection.cursor()
    cursor.execute_async("SELECT SYSTEM$WAIT(4)")
    assert cursor.sfqid is not None
    assert connection.is_still_running(connection.get_query_status(cursor.sfqid))
    cursor.get_results_from_sfqid(cursor.sfqid)
    assert cursor.fetchall() == [("waited 4 seconds",)]
    job = session.sql("SELECT 1 AS a UNION ALL SELECT 2").collect_nowait()
    assert sorted(row["A"] for row in job.result()) == [1, 2]
    assert job.is_done()
    cursor.execute_async("SELECT * FROM not_there")
    with pytest.raises(snowflake.connector.errors.DatabaseError, match="NOT_THERE"):
        _fetched(cursor)


def _fetched(cursor: SnowflakeCursor) -> list[Any]:
    """The result of the cursor's asynchronous statement; its error comes here or there, as fast as it failed."""
    assert cursor.sfqid is not None
    cursor.get_results_from_sfqid(cursor.sfqid)
    return cursor.fetchall()


@pytest.mark.supports("query history: INFORMATION_SCHEMA.QUERY_HISTORY with QUERY_TAG, text, times, rows, errors")
def test_query_history(session: Session) -> None:
    from snowflake.snowpark.exceptions import SnowparkSQLException

    tag = f"flow={uuid.uuid4().hex}"
    session.query_tag = tag
    session.sql("CREATE TABLE t AS SELECT 1 AS a UNION ALL SELECT 2").collect()
    session.table("t").collect()
    with pytest.raises(SnowparkSQLException):
        session.sql("SELECT * FROM not_there").collect()
    history = session.sql(
        "SELECT query_text, execution_status, rows_produced, error_code, end_time >= start_time AS in_order "
        f"FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 1000)) WHERE query_tag = '{tag}' "
        "ORDER BY start_time"
    ).collect()
    reads = [row for row in history if row["QUERY_TEXT"].startswith("SELECT  *  FROM t")]
    assert [(row["EXECUTION_STATUS"], row["ROWS_PRODUCED"]) for row in reads] == [("SUCCESS", 2)]
    failed = [row for row in history if row["EXECUTION_STATUS"] == "FAILED_WITH_ERROR"]
    assert {row["ERROR_CODE"] for row in failed} == {"002003"}
    assert all(row["IN_ORDER"] for row in history)


@pytest.mark.supports("Session.query_history() listeners")
def test_client_side_query_history(session: Session) -> None:
    with session.query_history() as listened:
        session.sql("SELECT 1 AS a").collect()
    assert [query.sql_text for query in listened.queries] == ["SELECT 1 AS a"]


@pytest.mark.supports("two sessions that change the same rows: the second waits for the first, as on Snowflake")
def test_a_second_writer_waits(connection: SnowflakeConnection, connection_parameters: dict[str, Any]) -> None:
    import snowflake.connector

    connection.cursor().execute("CREATE TABLE t AS SELECT 1 AS a")
    connection.cursor().execute("BEGIN")
    connection.cursor().execute("UPDATE t SET a = a + 10")
    with snowflake.connector.connect(**connection_parameters) as other:
        writing = threading.Thread(target=value, args=(other, "UPDATE t SET a = a + 100"))
        writing.start()
        time.sleep(0.5)
        assert writing.is_alive()
        connection.cursor().execute("COMMIT")
        writing.join(20)
    assert value(connection, "SELECT a FROM t") == 111


@pytest.mark.supports("a session that ends rolls back its open transaction")
def test_logout_rolls_back(connection: SnowflakeConnection, connection_parameters: dict[str, Any]) -> None:
    import snowflake.connector

    connection.cursor().execute("CREATE TABLE t (a INT)")
    other = snowflake.connector.connect(**connection_parameters, autocommit=False)
    other.cursor().execute("INSERT INTO t VALUES (1)")
    assert value(other, "SELECT COUNT(*) FROM t") == 1
    other.close()
    another = snowflake.connector.connect(**connection_parameters)
    another.cursor().execute("BEGIN")
    another.cursor().execute("INSERT INTO t VALUES (2)")
    another.close()
    assert value(connection, "SELECT COUNT(*) FROM t") == 0


KILLED_CLIENT = """
import json, os, signal, sys, snowflake.connector
connection = snowflake.connector.connect(**json.loads(sys.stdin.read()))
connection.cursor().execute("BEGIN")
connection.cursor().execute("UPDATE t SET a = 2")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.supports("a killed client's open transaction is rolled back after five seconds")
def test_a_killed_client_leaves_nothing_open(
    connection: SnowflakeConnection, connection_parameters: dict[str, Any]
) -> None:
    import json

    connection.cursor().execute("CREATE TABLE t AS SELECT 1 AS a")
    subprocess.run(
        [sys.executable, "-c", KILLED_CLIENT], input=json.dumps(connection_parameters), text=True, check=False
    )
    connection.cursor().execute("UPDATE t SET a = a + 10")
    assert value(connection, "SELECT a FROM t") == 11


@pytest.mark.supports("several statements in one request: num_statements, MULTI_STATEMENT_COUNT, execute_string")
def test_several_statements(connection: SnowflakeConnection) -> None:
    import snowflake.connector

    cursor = connection.cursor()
    cursor.execute("CREATE TABLE t (a INT); INSERT INTO t VALUES (1), (2); SELECT 'x;y' AS b -- ;", num_statements=3)
    found = [cursor.fetchall()]
    while cursor.nextset():
        found.append(cursor.fetchall())
    assert found == [[("Table T successfully created.",)], [(2,)], [("x;y",)]]
    sent = "query_text LIKE 'CREATE TABLE t (a INT); INSERT%'"
    history = f"SELECT DISTINCT query_type FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY()) WHERE {sent}"
    assert connection.cursor().execute(history).fetchall() == [("MULTI_STATEMENT",)]
    cursor.execute("SELECT 1; SELECT 2;", num_statements=0)
    assert cursor.fetchall() == [(1,)]
    assert [[row for row in each] for each in connection.execute_string("SELECT 1; SELECT 2")] == [[(1,)], [(2,)]]
    for text, count, code in (
        ("SELECT 1; SELECT 2", 3, 8),
        ("SELECT 1; SELECT 2", 1, 8),
        ("SELECT 1; SELEC 2", 0, 1003),
    ):
        with pytest.raises(snowflake.connector.errors.ProgrammingError) as raised:
            connection.cursor().execute(text, num_statements=count)
        assert raised.value.errno == code
    connection.cursor().execute("ALTER SESSION SET MULTI_STATEMENT_COUNT = 0")
    connection.cursor().execute("BEGIN; DELETE FROM t; ROLLBACK")
    assert value(connection, "SELECT COUNT(*) FROM t") == 2
    with pytest.raises(snowflake.connector.errors.ProgrammingError, match="does not exist"):
        connection.cursor().execute("DELETE FROM t; SELECT * FROM missing; DROP TABLE t")
    assert value(connection, "SELECT COUNT(*) FROM t") == 0


@pytest.mark.supports("session variables (`$name`), which strings, quoted names and comments do not name")
def test_a_dollar_in_a_string_is_no_session_variable(connection):
    cursor = connection.cursor()
    cursor.execute("SET threshold = 5")
    statement = """SELECT $threshold, '$threshold $other', PARSE_JSON('{"$insert_id": "it''s"}')['$insert_id']::STRING,
        1 AS "$none", $$ $body $$ -- $comment
        /* $more */"""
    assert cursor.execute(statement).fetchone() == (5, "$threshold $other", "it's", 1, " $body ")
    with pytest.raises(ProgrammingError, match="variable"):
        cursor.execute("SELECT '$threshold', $missing")
