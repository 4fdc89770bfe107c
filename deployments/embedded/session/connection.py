"""A session's connection: its own DuckDB cursor, current database and schema, and transaction."""

from __future__ import annotations

from deployments.embedded.context import SessionState
from deployments.embedded.names import quote_literal, quote_path
from deployments.embedded.session.engine import Engine
from deployments.embedded.session.transactions import Transactions
from deployments.embedded.stages.session_files import end_file_session


class EmbeddedConnection:
    """The connection of one session.

    Attributes:
        engine: The one instance of this process.
        duck_conn: The DuckDB connection of this session.
        session: What the session keeps beside it.
        transactions: Its transaction.
        database: The current database, None where there is none.
        schema: The current schema.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        database: str | None = None,
        schema: str | None = None,
        session: SessionState | None = None,
        autocommit: bool = True,
    ) -> None:
        """Open a session on the shared DuckDB instance.

        Args:
            engine: The one instance of this process.
            database: Database to use; it is there.
            schema: Schema to use, made if it is not there.
            session: What the session starts with, e.g. the parameters of the login.
            autocommit: Whether each statement commits on its own.
        """
        self.engine = engine
        self.duck_conn = engine.duck_conn.cursor()
        self.session = session or SessionState()
        self.transactions = Transactions(self.duck_conn, engine.locks, autocommit=autocommit)
        self.database: str | None = None
        self.schema: str | None = None
        if database:
            self.use(database, schema or "PUBLIC")

    def use(self, database: str, schema: str | None) -> None:
        """Make a schema the one of names that do not say theirs; it is made if it is not there."""
        if schema is None:
            self.schema = None
            return
        path = quote_path(database, schema)
        self.duck_conn.execute(f"CREATE SCHEMA IF NOT EXISTS {path}")
        self.duck_conn.execute(f"SET schema = {quote_literal(path)}")
        self.database, self.schema = database, schema

    def leave(self) -> None:
        """Use no database any more."""
        self.duck_conn.execute("USE memory.main")
        self.database = self.schema = None

    def close(self) -> None:
        """End the session, its temporary stages with it."""
        end_file_session(self)
        self.duck_conn.close()
