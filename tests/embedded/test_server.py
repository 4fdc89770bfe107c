"""The protocol: logins, sessions, statements and results as unmodified clients see them."""

from __future__ import annotations

import gzip
import http.client
from pathlib import Path
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


def post(endpoint: Endpoint, path: str, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """The status and body of the answer to a request that no client of Snowflake's sends."""
    connection = http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=60)
    try:
        connection.request("POST", path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (BrokenPipeError, ConnectionResetError):
        return 413, b""
    finally:
        connection.close()


LOGIN = "/session/v1/login-request"
ZEROS = gzip.compress(bytes(20_000_000))


@pytest.mark.supports("a request is limited before it is unpacked, and before the secret is known to be right (413)")
def test_large_requests_are_refused(endpoint: Endpoint, connection: SnowflakeConnection) -> None:
    assert post(endpoint, LOGIN, ZEROS, {"Content-Encoding": "gzip"})[0] == 413
    assert post(endpoint, LOGIN, b"[" * 10_000_000)[0] == 413
    resident = Path(f"/proc/{endpoint.pid}/statm")
    before = int(resident.read_text().split()[1])
    token = {"Authorization": f'Snowflake Token="{connection.rest.token}"', "Content-Encoding": "gzip"}  # type: ignore[union-attr]
    bomb = gzip.compress(bytes(400_000_000), compresslevel=1)
    assert post(endpoint, "/queries/v1/query-request?requestId=1", bomb, token)[0] == 413
    assert post(endpoint, "/queries/v1/query-request?requestId=1", bomb, {"Content-Encoding": "gzip"})[0] == 401
    assert int(resident.read_text().split()[1]) - before < 600_000_000 / 4096


@pytest.mark.supports("a malformed login or request is answered with 4xx")
def test_malformed_requests_are_refused(endpoint: Endpoint, connection: SnowflakeConnection) -> None:
    bodies = (
        b"",
        b"{",
        b"[]",
        b"1",
        b'"data"',
        b'{"data": 1}',
        b'{"data": []}',
        b'{"data": {"LOGIN_NAME": 1}}',
        b"\xff",
    )
    for body in (
        *bodies,
        b'{"data": {"PASSWORD": {}}}',
        b'{"data": {"SESSION_PARAMETERS": 1}}',
        b'{"data": "\\ud800"}',
    ):
        assert 400 <= post(endpoint, LOGIN, body)[0] < 500, body
    assert post(endpoint, LOGIN, b"no gzip", {"Content-Encoding": "gzip"})[0] == 400
    token = {"Authorization": f'Snowflake Token="{connection.rest.token}"'}  # type: ignore[union-attr]
    for body in (*bodies, b'{"sqlText": 1}', b'{"sqlText": "SELECT 1", "bindings": 1}', b'{"sqlText": null}'):
        assert 400 <= post(endpoint, "/queries/v1/query-request?requestId=2", body, token)[0] < 500, body
    for name in ("Authorization", "X-Snowcast-Secret"):
        assert 400 <= post(endpoint, "/session/heartbeat", b"{}", {name: "x" * 5000})[0] < 500


@pytest.mark.supports("the parts of a large result are given for the token of a session only")
def test_parts_of_results_ask_for_the_token(endpoint: Endpoint, connection: SnowflakeConnection) -> None:
    cursor = connection.cursor().execute("SELECT SEQ4() AS n FROM TABLE(GENERATOR(ROWCOUNT => 250000))")
    assert len(cursor.fetchall()) == 250_000
    path = f"/snowcast/results/{cursor.sfqid}/0"
    for headers, status in (({}, 401), ({"Authorization": 'Snowflake Token="x"'}, 401)):
        asked = http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=60)
        asked.request("GET", path, headers=headers)
        assert asked.getresponse().status == status
        asked.close()
    another = connection.cursor()
    another.get_results_from_sfqid(str(cursor.sfqid))
    assert len(another.fetchall()) == 250_000
