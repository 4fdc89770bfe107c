"""What one statement may know: its session, its DuckDB connection and the files of the warehouse."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from sqlglot import Expr


VERSION = "10.0.0"  # of Snowflake, as clients are told


@dataclass
class SessionState:
    """What a session keeps between statements beside its DuckDB connection.

    Attributes:
        session_id: The number that CURRENT_SESSION() and the query history show.
        parameters: Parameters as ALTER SESSION SET or the login gave them, names in upper case.
        unmet: Parameters that the login left to the account, whose value for them is not done here.
        variables: What SET has set, as statements write it, names in upper case.
        temporary_tables: Full upper-case names (database, schema, name) of the temporary tables of this session.
        has_temporary_history: Whether COPY has loaded one of these tables, so that their load history is kept.
        last_query_id: The id of the last statement, for LAST_QUERY_ID() and RESULT_SCAN.
    """

    session_id: int = 0
    parameters: dict[str, Any] = field(default_factory=dict)
    unmet: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    temporary_tables: set[tuple[str, str, str]] = field(default_factory=set)
    has_temporary_history: bool = False
    last_query_id: str | None = None

    @property
    def query_tag(self) -> str:
        """The session's QUERY_TAG, or an empty string."""
        return str(self.parameters.get("QUERY_TAG") or "")


class Connection(Protocol):
    """What a statement may know of its session's connection."""

    duck_conn: duckdb.DuckDBPyConnection
    database: str | None
    schema: str | None
    engine: Any
    transactions: Any

    def use(self, database: str, schema: str | None) -> None:
        """Make a schema the one of names that do not say theirs."""

    def leave(self) -> None:
        """Use no database any more."""


class Dialect(Protocol):
    """How Snowflake's SQL is read and written as DuckDB's; the session puts it together."""

    def parse(self, command: str) -> Expr:
        """Parse one statement, and refuse what Snowflake does not know."""

    def rewrite(self, tree: Expr, context: StatementContext) -> Expr:
        """Turn a tree of Snowflake's SQL into one that gives DuckDB's when printed."""


@dataclass
class StatementContext:
    """The surroundings of one statement, handed to its handler, its plan and the rewrites that need it.

    Attributes:
        connection: The session's.
        session: What the session keeps beside it.
        warehouse: The folder of the warehouse's files.
        dialect: How SQL is read and rewritten.
        params: Values of the statement's placeholders.
        converts_texts: Whether text is converted where a number or a time is asked for.
        knows_types: Whether DuckDB is taken to know the type of what is converted.
        command: The statement as the client sent it.
    """

    connection: Connection
    session: SessionState
    warehouse: Path
    dialect: Dialect
    params: list[Any] | dict[str, Any] | None = None
    converts_texts: bool = False
    knows_types: bool = True
    command: str = ""

    @property
    def duck_conn(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB connection of this session."""
        return self.connection.duck_conn

    @property
    def database(self) -> str | None:
        """The session's current database."""
        return self.connection.database

    @property
    def schema(self) -> str | None:
        """The session's current schema."""
        return self.connection.schema

    @property
    def stages(self) -> Path:
        """Folder of the stage files."""
        return self.warehouse / "stages"

    @property
    def in_transaction(self) -> bool:
        """Whether the session has opened a transaction, which then is not a statement's own to commit."""
        transactions = self.connection.transactions
        return bool(transactions.open or not transactions.autocommit)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Run in the session's transaction, or in one of its own that commits at the end."""
        transactions = self.connection.transactions
        transactions.begin_for_change()
        transactions.check()
        transactions.note(None)
        with transactions.together():
            yield

    def parse(self, sql: str) -> Expr:
        """The tree of a query inside a statement, as the client wrote it."""
        return self.dialect.parse(sql)

    def rewrite(self, tree: Expr) -> Expr:
        """The tree as DuckDB's."""
        return self.dialect.rewrite(tree, self)

    def translate(self, tree: Expr) -> str:
        """DuckDB's SQL of a query inside a statement."""
        return str(self.rewrite(tree).sql(dialect="duckdb"))

    def run(self, sql: str, params: list[Any] | None = None) -> pa.Table:
        """Run DuckDB SQL in the session's transaction and return its rows."""
        return self.duck_conn.execute(sql, params).to_arrow_table()
