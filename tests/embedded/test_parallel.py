"""Sessions side by side: their statements overlap, and their transactions wait for each other as on Snowflake."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.embedded.files import count, refusal, run

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

ROUNDS = 15
MERGE_NEW = "MERGE INTO t USING (SELECT 1 AS k) s ON t.k = s.k WHEN MATCHED THEN UPDATE SET n = t.n + 1 {insert}"
MERGE = MERGE_NEW.format(insert="WHEN NOT MATCHED THEN INSERT (k, n) VALUES (s.k, 1)")


@pytest.fixture
def other(connection_parameters: dict[str, Any]) -> Iterator[SnowflakeConnection]:
    """A second login."""
    import snowflake.connector

    with snowflake.connector.connect(**connection_parameters) as opened:
        yield opened


@pytest.fixture
def background() -> Iterator[Callable[..., Future[Any]]]:
    """Run something in a thread."""
    with ThreadPoolExecutor(2) as threads:
        yield threads.submit


def begun(*connections: SnowflakeConnection) -> None:
    for connection in connections:
        run(connection, "BEGIN")


def waits(future: Future[Any]) -> bool:
    time.sleep(0.5)
    return not future.done()


@pytest.mark.supports("long statements of two sessions run at the same time")
def test_statements_overlap(connection: SnowflakeConnection, other: SnowflakeConnection) -> None:
    run(connection, "CREATE TABLE numbers AS SELECT SEQ4() AS n FROM TABLE(GENERATOR(ROWCOUNT => 6000))")
    heavy = "SELECT SUM(HASH(a.n, b.n)) FROM numbers a, numbers b"
    threads = [threading.Thread(target=run, args=(session, heavy)) for session in (connection, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = "SELECT start_time, end_time FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY()) WHERE query_text = %s"
    ran = connection.cursor().execute(f"{history} ORDER BY start_time DESC LIMIT 2", (heavy,)).fetchall()
    assert max(began for began, _ in ran) < min(ended for _, ended in ran)


@pytest.mark.supports("transactions that insert into one table, or update different rows of it, do not fail")
def test_transactions_share_a_ledger(connection: SnowflakeConnection, other: SnowflakeConnection) -> None:
    run(connection, "CREATE TABLE builds (id INT, name VARCHAR(20))")
    run(connection, "CREATE TABLE heads (name VARCHAR(20) NOT NULL, build INT)")
    run(connection, "INSERT INTO heads VALUES ('a', 0), ('b', 0)")
    failures: list[Exception] = []

    def build(session: SnowflakeConnection, name: str) -> None:
        try:
            for number in range(ROUNDS):
                run(session, f"CREATE OR REPLACE TABLE {name} (id INT)")
                run(session, "BEGIN")
                run(session, f"INSERT INTO {name} VALUES ({number})")
                run(session, f"INSERT INTO builds VALUES ({number}, '{name}')")
                run(session, f"UPDATE heads SET build = build + 1 WHERE name = '{name}'")
                run(session, "COMMIT")
        except Exception as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=build, args=pair) for pair in ((connection, "a"), (other, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert count(connection, "builds") == 2 * ROUNDS
    assert run(connection, "SELECT name, build FROM heads ORDER BY name") == [("a", ROUNDS), ("b", ROUNDS)]


@pytest.mark.supports("an UPDATE in a transaction waits for another transaction's, then sees what that committed")
def test_the_second_update_goes_on(
    connection: SnowflakeConnection, other: SnowflakeConnection, background: Callable[..., Future[Any]]
) -> None:
    run(connection, "CREATE TABLE ledger (who VARCHAR)")
    run(connection, "CREATE TABLE t AS SELECT 1 AS k, 0 AS n")
    begun(connection, other)
    for session, who in ((connection, "first"), (other, "second")):
        run(session, f"INSERT INTO ledger VALUES ('{who}')")
    run(connection, "UPDATE t SET n = n + 1 WHERE k = 1")
    second = background(run, other, "UPDATE t SET n = n + 10 WHERE k = 1")
    assert waits(second)
    run(connection, "COMMIT")
    assert second.result(20) == [(1, 0)]
    run(other, "COMMIT")
    assert run(connection, "SELECT n FROM t") == [(11,)]
    assert run(connection, "SELECT who FROM ledger ORDER BY who") == [("first",), ("second",)]


@pytest.mark.supports("an UPDATE that waited finds that its rows are no longer the ones it looks for: 0 rows")
def test_the_second_claim_finds_nothing(
    connection: SnowflakeConnection, other: SnowflakeConnection, background: Callable[..., Future[Any]]
) -> None:
    run(connection, "CREATE TABLE ledger (who VARCHAR)")
    run(connection, "CREATE TABLE heads AS SELECT 'old' AS build")
    begun(connection, other)
    run(connection, "UPDATE heads SET build = 'first' WHERE build = 'old'")
    run(other, "INSERT INTO ledger VALUES ('second')")
    second = background(run, other, "UPDATE heads SET build = 'second' WHERE build = 'old'")
    assert waits(second)
    run(connection, "COMMIT")
    assert second.result(20) == [(0, 0)]
    run(other, "ROLLBACK")
    assert run(connection, "SELECT build FROM heads") == [("first",)]
    assert count(connection, "ledger") == 0


@pytest.mark.supports("a rolled back transaction lets the one that waits for it change the rows")
def test_the_second_goes_on_after_a_rollback(
    connection: SnowflakeConnection, other: SnowflakeConnection, background: Callable[..., Future[Any]]
) -> None:
    run(connection, "CREATE TABLE t AS SELECT 1 AS k, 0 AS n")
    begun(connection)
    run(connection, "DELETE FROM t")
    second = background(run, other, "UPDATE t SET n = 5")
    assert waits(second)
    run(connection, "ROLLBACK")
    assert second.result(20) == [(1, 0)]


@pytest.mark.parametrize("in_transaction", [False, True], ids=["autocommit", "transaction"])
@pytest.mark.supports("two MERGEs of one new key leave one row, also in transactions that changed other tables before")
def test_merges_of_one_new_key(
    connection: SnowflakeConnection,
    other: SnowflakeConnection,
    background: Callable[..., Future[Any]],
    in_transaction: bool,
) -> None:
    run(connection, "CREATE TABLE ledger (who VARCHAR)")
    run(connection, "CREATE TABLE t (k INT, n INT)")
    begun(connection)
    if in_transaction:
        begun(other)
        run(other, "INSERT INTO ledger VALUES ('second')")
    run(connection, MERGE)
    second = background(run, other, MERGE)
    assert waits(second)
    run(connection, "COMMIT")
    assert second.result(20) == [(0, 1)]
    run(other, "COMMIT")
    assert run(connection, "SELECT k, n FROM t") == [(1, 2)]
    assert count(connection, "ledger") == in_transaction


@pytest.mark.supports("a transaction that has changed nothing yet sees what others commit, statement by statement")
def test_a_statement_sees_what_is_committed(connection: SnowflakeConnection, other: SnowflakeConnection) -> None:
    run(connection, "CREATE TABLE t (k INT)")
    begun(other)
    assert count(other, "t") == 0
    run(connection, "INSERT INTO t VALUES (1)")
    assert count(other, "t") == 1
    run(other, "COMMIT")


@pytest.mark.supports("transactions that wait for each other: one of them gets an error (000625), the other goes on")
def test_a_deadlock_ends(
    connection: SnowflakeConnection, other: SnowflakeConnection, background: Callable[..., Future[Any]]
) -> None:
    for table in ("t", "u"):
        run(connection, f"CREATE TABLE {table} AS SELECT 0 AS n")
    begun(connection, other)
    run(connection, "UPDATE t SET n = 1")
    run(other, "UPDATE u SET n = 2")
    first = background(run, connection, "UPDATE u SET n = 1")
    assert waits(first)
    assert refusal(other, "UPDATE t SET n = 2").errno == 625
    run(other, "ROLLBACK")
    assert first.result(20) == [(1, 0)]
    run(connection, "COMMIT")
    assert run(connection, "SELECT t.n, u.n FROM t, u") == [(1, 1)]


@pytest.mark.differs(
    "after its first change a transaction sees the tables as they were then; where it meets the rows of another one it "
    "is repeated, and refused if that gives other counts than the client was told"
)
def test_a_transaction_that_would_give_other_counts_is_refused(
    connection: SnowflakeConnection, other: SnowflakeConnection, background: Callable[..., Future[Any]]
) -> None:
    run(connection, "CREATE TABLE t AS SELECT 1 AS k, 0 AS n")
    run(connection, "CREATE TABLE copy (k INT)")
    begun(connection, other)
    assert run(other, "INSERT INTO copy SELECT k FROM t") == [(1,)]
    run(connection, "INSERT INTO t VALUES (2, 0)")
    run(connection, "UPDATE t SET n = 1")
    second = background(refusal, other, "UPDATE t SET n = 2")
    assert waits(second)
    run(connection, "COMMIT")
    second.result(20)
    assert refusal(other, "COMMIT").errno == 90071
    assert count(connection, "copy") == 0
    assert run(connection, "SELECT k, n FROM t ORDER BY k") == [(1, 1), (2, 1)]
