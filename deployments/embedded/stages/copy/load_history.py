"""Load history: which files a table has loaded. It lies beside the table and commits with its rows."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error
from deployments.embedded.stages.copy.outcome import Outcome
from deployments.embedded.stages.staged_file import StagedFile

_guard = threading.Lock()
# Databases whose history is there, with DuckDB's number, which changes when a database is dropped and made again.
_known: set[tuple[str, int | None]] = set()
_COLUMNS = """
    table_schema VARCHAR, table_name VARCHAR, stage VARCHAR, file_name VARCHAR, content_key VARCHAR,
    file_size BIGINT, last_load_time TIMESTAMPTZ, status VARCHAR, row_count BIGINT, row_parsed BIGINT,
    first_error_message VARCHAR, first_error_line_number BIGINT, first_error_character_position BIGINT,
    first_error_col_name VARCHAR, error_count BIGINT, error_limit BIGINT,
    PRIMARY KEY (table_schema, table_name, stage, file_name, content_key)"""

_PIPE_COLUMNS = _COLUMNS.replace("    PRIMARY KEY (", "    pipe VARCHAR, PRIMARY KEY (pipe, ")


@dataclass(frozen=True)
class LoadHistory:
    """The load history of one table: what COPY has loaded, or one pipe.

    Attributes:
        table: The history's full name in DuckDB.
        schema: The loaded table's schema.
        name: The loaded table's name.
        pipe: The pipe; None for COPY.
    """

    table: str
    schema: str
    name: str
    pipe: str | None = None

    def find_loaded(self, duck: duckdb.DuckDBPyConnection, stage: str) -> dict[str, str]:
        """Find the files of a stage that were loaded: name and digest."""
        of_pipe, wanted = ("", []) if self.pipe is None else (" AND pipe = ?", [self.pipe])
        rows = duck.execute(
            f"""SELECT file_name, arg_max(content_key, last_load_time) FROM {self.table}
                WHERE table_schema = ? AND table_name = ? AND stage = ? AND status <> 'LOAD_FAILED'{of_pipe}
                GROUP BY ALL""",
            [self.schema, self.name, stage, *wanted],
        ).fetchall()
        return dict(rows)

    def add(self, duck: duckdb.DuckDBPyConnection, outcomes: Iterable[tuple[StagedFile, Outcome]]) -> None:
        """Remember what became of each file."""
        now = datetime.now(UTC)
        rows = [self._row(file, outcome, now) for file, outcome in outcomes]
        values = ", ".join(f"({', '.join('?' for _ in row)})" for row in rows)
        if not rows:
            return
        try:
            duck.execute(
                f"INSERT OR REPLACE INTO {self.table} VALUES {values}", [value for row in rows for value in row]
            )
        except (duckdb.ConstraintException, duckdb.TransactionException):
            raise snowflake_error(
                f"Table {self.schema}.{self.name}: another transaction is loading the same files and has not ended yet "
                f"(first: {rows[0][3]}). Repeat this transaction.",
                625,
                "57014",
            ) from None

    def _row(self, file: StagedFile, outcome: Outcome, now: datetime) -> list[Any]:
        first = outcome.first_error
        return [
            self.schema,
            self.name,
            file.stage.label,
            file.name,
            file.md5,
            file.size,
            now,
            outcome.status,
            outcome.loaded,
            outcome.parsed,
            first.message if first else None,
            first.line if first else None,
            first.character if first else None,
            first.column if first else None,
            len(outcome.errors),
            outcome.error_limit,
            *([] if self.pipe is None else [self.pipe]),
        ]


def load_history(context: StatementContext, key: tuple[str, str, str]) -> LoadHistory:
    """The load history of a table; made if its database has none yet."""
    if key in context.session.temporary_tables:
        context.session.has_temporary_history = True
        context.duck_conn.execute(f"CREATE TEMP TABLE IF NOT EXISTS _copy_history ({_COLUMNS})")
        return LoadHistory('temp.main."_copy_history"', key[1], key[2])
    ensure_history(context.duck_conn, key[0], in_transaction=context.in_transaction)
    return LoadHistory(history_table(key[0]), key[1], key[2])


def pipe_history(context: StatementContext, key: tuple[str, str, str], pipe: str) -> LoadHistory:
    """The load history of a pipe, which is its own: it lies beside that of COPY."""
    name = pipes_table(key[0])
    context.duck_conn.execute(f"CREATE TABLE IF NOT EXISTS {name} ({_PIPE_COLUMNS})")
    return LoadHistory(name, key[1], key[2], pipe)


def pipes_table(database: str) -> str:
    """Full name of the history of what pipes have loaded into a database's tables."""
    return f'"{database}"._fs_information_schema._pipe_history'


def history_table(database: str) -> str:
    """Full name of the history of a database's tables."""
    return f'"{database}"._fs_information_schema._copy_history'


def create_history(duck: duckdb.DuckDBPyConnection, database: str) -> None:
    """Make the history with its database, so that a transaction finds it there; the connection is in none itself."""
    with _guard:
        duck.execute(f"CREATE TABLE IF NOT EXISTS {history_table(database)} ({_COLUMNS})")


def ensure_history(duck: duckdb.DuckDBPyConnection, database: str, *, in_transaction: bool = False) -> None:
    """Make the history of a database if it is not there.

    It is made in a transaction of its own where the session can see it then; a session that is in a transaction cannot,
    so it makes the history itself.
    """
    oids = duck.execute("SELECT database_oid FROM duckdb_databases() WHERE database_name = ?", [database]).fetchall()
    known = (database, oids[0][0] if oids else None)
    if known in _known and not in_transaction:
        return
    seen = "SELECT 1 FROM duckdb_tables() WHERE database_name = ? AND table_name = '_copy_history'"
    create = f"CREATE TABLE IF NOT EXISTS {history_table(database)} ({_COLUMNS})"
    if not duck.execute(seen, [database]).fetchall():
        with _guard, duck.cursor() as apart:
            apart.execute(create)
        if not duck.execute(seen, [database]).fetchall():
            duck.execute(create)
    _known.add(known)
