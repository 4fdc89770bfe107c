"""How a table is kept on Snowflake: transient, clustered, with a comment; told, and nothing is done by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.embedded.files import run

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection


def told(connection: SnowflakeConnection) -> list[tuple[Any, ...]]:
    cursor = connection.cursor()
    cursor.execute("SHOW TABLES")
    names = [column[0] for column in cursor.description]
    chosen = [names.index(name) for name in ("name", "kind", "cluster_by", "comment")]
    return [tuple(row[place] for place in chosen) for row in cursor.fetchall()]


@pytest.mark.supports("CREATE TRANSIENT TABLE and CLUSTER BY, ALTER TABLE … CLUSTER BY: kept and told by SHOW TABLES")
def test_transient_and_clustered_tables(connection):
    run(connection, "CREATE TRANSIENT TABLE a CLUSTER BY (at, n) COMMENT = 'kept' AS SELECT 1 AS n, SYSDATE() AS at")
    run(connection, "CREATE TABLE b (n INT NOT NULL) CLUSTER BY (n)")
    assert told(connection) == [("A", "TRANSIENT", "LINEAR(AT, N)", "kept"), ("B", "TABLE", "LINEAR(N)", "")]
    run(connection, "ALTER TABLE a RENAME TO c")
    run(connection, "ALTER TABLE c CLUSTER BY (n)")
    run(connection, "COMMENT ON TABLE c IS 'another'")
    run(connection, "ALTER TABLE b DROP CLUSTERING KEY")
    run(connection, "ALTER TABLE b SET COMMENT = 'plain'")
    assert told(connection) == [("B", "TABLE", "", "plain"), ("C", "TRANSIENT", "LINEAR(N)", "another")]
    columns = "IS_TRANSIENT, CLUSTERING_KEY, COMMENT FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_NAME = 'C'"
    assert connection.cursor().execute(f"SELECT {columns}").fetchall() == [("YES", "LINEAR(N)", "another")]
    written = connection.cursor().execute("SELECT GET_DDL('TABLE', 'c')").fetchone()
    assert written is not None
    assert written[0].startswith("create or replace TRANSIENT TABLE C cluster by (N)(\n\tN NUMBER")
    run(connection, "CREATE OR REPLACE TABLE c (n INT)")
    assert told(connection)[1] == ("C", "TABLE", "", "")


@pytest.mark.supports("tasks, streams and procedures: made, changed, dropped, shown; none of them runs")
def test_what_is_scheduled_is_kept_and_told(connection):
    def shown(what: str, *names: str) -> list[tuple[Any, ...]]:
        cursor = connection.cursor().execute(f"SHOW {what}")
        at = [[column[0] for column in cursor.description].index(name) for name in names]
        return [tuple(row[place] for place in at) for row in cursor.fetchall()]

    run(connection, "CREATE TABLE t (n INT)")
    run(connection, "CREATE STREAM s ON TABLE t APPEND_ONLY = TRUE")
    place = shown("STREAMS", "table_name")[0][0].rpartition(".")[0]
    assert shown("STREAMS", "name", "table_name", "mode") == [("S", f"{place}.T", "APPEND_ONLY")]
    run(
        connection,
        "CREATE PROCEDURE p(n VARCHAR) RETURNS VARCHAR LANGUAGE PYTHON RUNTIME_VERSION = '3.11' "
        "PACKAGES = ('snowflake-snowpark-python') IMPORTS = ('@s/a.zip') HANDLER = 'a.b' COMMENT = 'c'",
    )
    assert shown("PROCEDURES", "arguments", "description") == [("P(VARCHAR) RETURN VARCHAR", "c")]
    run(connection, "CREATE TASK a WAREHOUSE = w WHEN SYSTEM$STREAM_HAS_DATA('s') AS INSERT INTO t SELECT n FROM s")
    run(connection, "CREATE OR ALTER TASK b WAREHOUSE = w AFTER a AS CALL p('x')")
    told = ("name", "state", "condition", "definition", "predecessors")
    root = ("A", "suspended", "SYSTEM$STREAM_HAS_DATA('s')", "INSERT INTO t SELECT n FROM s", "[]")
    assert shown("TASKS", *told) == [root, ("B", "suspended", None, "CALL p('x')", f'["{place}.A"]')]
    run(connection, "SELECT SYSTEM$TASK_DEPENDENTS_ENABLE('a')")
    assert shown("TASKS", "state") == [("started",)] * 2
    run(connection, "ALTER TASK a SUSPEND")
    run(connection, "CREATE TASK c WAREHOUSE = w AFTER b AS CALL p('y')")
    run(connection, "SELECT SYSTEM$TASK_DEPENDENTS_ENABLE('a')")
    assert shown("TASKS", "state") == [("started",)] * 3, "also behind one that was started"
    for statement, message in (
        ("CREATE OR ALTER TASK a WAREHOUSE = w AS SELECT 1", "not suspended"),
        ("CREATE TASK x WAREHOUSE = w AFTER y AS SELECT 1", "does not exist"),
        ("CREATE STREAM x ON TABLE missing", "does not exist"),
        ("SELECT * FROM s", "does not exist"),
        ("CALL p('x')", "Unsupported feature"),
    ):
        with pytest.raises(Exception, match=message):
            run(connection, statement)
    for one in ("TASK a", "TASK b", "TASK c", "STREAM s", "PROCEDURE p"):
        run(connection, f"DROP {one}")
    assert [shown(what, "name") for what in ("TASKS", "STREAMS", "PROCEDURES")] == [[], [], []]
