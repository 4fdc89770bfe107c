"""What one statement may know: its session, its DuckDB connection and the files of the warehouse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    import pyarrow as pa

    from deployments.embedded.session.cursor import EmbeddedConnection


@dataclass
class SessionState:
    """What a session keeps between statements beside its DuckDB connection.

    Attributes:
        session_id: The number that CURRENT_SESSION() and the query history show.
        parameters: Parameters as ALTER SESSION SET or the login gave them, names in upper case.
        temporary_tables: Full upper-case names (database, schema, name) of the temporary tables of this session.
        last_query_id: The id of the last statement, for LAST_QUERY_ID() and RESULT_SCAN.
    """

    session_id: int = 0
    parameters: dict[str, Any] = field(default_factory=dict)
    temporary_tables: set[tuple[str, str, str]] = field(default_factory=set)
    last_query_id: str | None = None

    @property
    def query_tag(self) -> str:
        """The session's QUERY_TAG, or an empty string."""
        return str(self.parameters.get("QUERY_TAG") or "")


@dataclass
class StatementContext:
    """The surroundings of one statement, handed to every rewrite and handler."""

    connection: EmbeddedConnection
    session: SessionState
    warehouse: Path
    params: list[Any] | dict[str, Any] | None = None

    @property
    def duck_conn(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB connection of this session."""
        return self.connection._duck_conn

    @property
    def database(self) -> str | None:
        """The session's current database."""
        return self.connection.database

    @property
    def schema(self) -> str | None:
        """The session's current schema."""
        return self.connection.schema

    @property
    def databases(self) -> Path:
        """Folder of the DuckDB files."""
        return self.warehouse / "databases"

    @property
    def stages(self) -> Path:
        """Folder of the stage files."""
        return self.warehouse / "stages"

    @property
    def catalogue(self) -> Path:
        """The stage and file format catalogue."""
        return self.warehouse / "catalogue"

    def run(self, sql: str, params: list[Any] | None = None) -> pa.Table:
        """Run DuckDB SQL in the session's transaction and return its rows."""
        return self.duck_conn.execute(sql, params).to_arrow_table()
