"""One statement's way: handler, or parse, rewrite, run on DuckDB, with Snowflake's errors and result types."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
from fakesnow.conn import FakeSnowflakeConnection
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.dialect import parse_one
from fakesnow.statement_type import SELECT, statement_type_id
from snowflake.connector.errors import DatabaseError
from sqlglot import Expr, exp

from deployments.embedded import errors, handlers, rewrites
from deployments.embedded.context import SessionState, StatementContext

if TYPE_CHECKING:
    from fakesnow.instance import FakeSnow


class EmbeddedConnection(FakeSnowflakeConnection):
    """A session of the embedded warehouse: fakesnow's connection with our cursor and session state."""

    def __init__(self, *args: Any, warehouse: Path, session: SessionState | None = None, **kwargs: Any) -> None:
        """Open the session.

        Args:
            *args: As FakeSnowflakeConnection takes them.
            warehouse: Folder of the warehouse's files.
            session: What the session starts with, e.g. the parameters of the login.
            **kwargs: As FakeSnowflakeConnection takes them.
        """
        super().__init__(*args, **kwargs)
        self.warehouse = warehouse
        self.session = session or SessionState()

    def cursor(self, cursor_class: Any = None) -> EmbeddedCursor:
        """A cursor for one statement."""
        return EmbeddedCursor(self, self._duck_conn)


def open_connection(
    fakesnow: FakeSnow,
    *,
    warehouse: Path,
    database: str | None = None,
    schema: str | None = None,
    session: SessionState | None = None,
    autocommit: bool = True,
) -> EmbeddedConnection:
    """Open a session on the shared DuckDB instance.

    Args:
        fakesnow: The one instance of this process, with `db_path` set to the folder of the databases.
        warehouse: Folder of the warehouse's files.
        database: Database to use, made if it is not there.
        schema: Schema to use, made if it is not there.
        session: What the session starts with.
        autocommit: Whether each statement commits on its own.
    """
    return EmbeddedConnection(
        fakesnow.duck_conn.cursor(),
        fakesnow.results_cache,
        database,
        schema,
        create_database=fakesnow.create_database_on_connect,
        create_schema=fakesnow.create_schema_on_connect,
        db_path=fakesnow.db_path,
        autocommit=autocommit,
        warehouse=warehouse,
        session=session,
    )


class EmbeddedCursor(FakeSnowflakeCursor):
    """Runs one statement of Snowflake's SQL on DuckDB.

    Attributes:
        response_data: The `data` part of the response where the result is no table (PUT, GET), else None.
        statement_type_id: Snowflake's id of the statement's kind.
    """

    def __init__(self, conn: EmbeddedConnection, duck_conn: duckdb.DuckDBPyConnection) -> None:
        """A cursor of `conn`."""
        super().__init__(conn, duck_conn)
        self.context = StatementContext(conn, conn.session, conn.warehouse)
        self.response_data: dict[str, Any] | None = None
        self.statement_type_id: int = SELECT

    def execute(
        self, command: str, params: Sequence[Any] | dict[Any, Any] | None = None, *args: Any, **kwargs: Any
    ) -> EmbeddedCursor:
        """Run one statement; the result is in `_arrow_table`, or in `response_data`."""
        bound = kwargs.get("binding_params") or params
        self.context.params = list(bound) if bound is not None and not isinstance(bound, dict) else bound
        try:
            command = self._inline_variables(command)
            if not self._handled(command):
                self._run(parse_one(command))
        except duckdb.Error as error:
            raise errors.translate(error) from error
        except DatabaseError as error:
            if isinstance(error.__cause__, duckdb.Error):
                raise errors.translate(error.__cause__) from error.__cause__
            raise
        return self

    def _handled(self, command: str) -> bool:
        """Let the handlers try the statement; True if one answered it."""
        for handle in handlers.HANDLERS:
            result = handle(command, self.context)
            if isinstance(result, dict):
                self.response_data = result
                return True
            if result is not None:
                self._keep_result(result)
                return True
        return False

    def _keep_result(self, table: pa.Table) -> None:
        self._arrow_table = table
        self._arrow_table_fetch_index = None
        self._rowcount = table.num_rows
        self._sfqid = str(uuid.uuid4())
        self._last_transformed = exp.Select()

    def _run(self, expression: Expr) -> None:
        self.statement_type_id = statement_type_id(expression)
        self.check_db_and_schema(expression)
        for rewrite in rewrites.BEFORE:
            expression = rewrite(expression, self.context)
        params = self.context.params
        for statement in self._transform_explode(expression):
            transformed = self._transform(statement, params)
            for rewrite in rewrites.AFTER:
                transformed = rewrite(transformed, self.context)
            self._execute(transformed, params if transformed.find(exp.Placeholder) else None)
