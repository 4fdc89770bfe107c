"""Reading the warehouse with the connector alone: what commands need that only ask, without the seconds of Snowpark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flows.settings import Settings
from flows.warehouse import open_plain_connection, open_session, prepare

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.connector.cursor import SnowflakeCursor

# What a statement ends in where the database, a schema or a table is not there, or no database is in use yet.
_MISSING_CODES = {2003, 2043, 90105, 90106}


class Reader:
    """Sends statements that read, with parameters written as ?.

    A home or an account that no run has prepared yet lacks tables: the first statement that misses one makes them all
    and is sent once more. So commands that find everything in place send nothing but their own statement.
    """

    def __init__(self, settings: Settings, connection: SnowflakeConnection) -> None:
        self._settings = settings
        self._connection = connection
        self._is_prepared = False

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a statement."""
        return [tuple(row) for row in self._execute(statement, parameters).fetchall()]

    def table(self, statement: str, parameters: Sequence[Any] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Return names of the columns, as they are stored, and the rows of a statement."""
        cursor = self._execute(statement, parameters)
        return [column.name for column in cursor.description], [tuple(row) for row in cursor.fetchall()]

    def records(self, statement: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Return the rows of a statement by column, names in lower case."""
        columns, rows = self.table(statement, parameters)
        names = [name.lower() for name in columns]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _execute(self, statement: str, parameters: Sequence[Any]) -> SnowflakeCursor:
        from snowflake.connector.errors import ProgrammingError

        cursor = self._connection.cursor()
        try:
            cursor.execute(statement, parameters or None)
        except ProgrammingError as error:
            if self._is_prepared or error.errno not in _MISSING_CODES:
                raise
            self._prepare()
            cursor.execute(statement, parameters or None)
        return cursor

    def _prepare(self) -> None:
        with open_session(self._settings, flow="snowcast") as session:
            prepare(session, self._settings)
        self._connection.cursor().execute(f"USE SCHEMA {self._settings.database}.PUBLIC")
        self._is_prepared = True


@contextmanager
def open_reader(settings: Settings) -> Iterator[Reader]:
    """Open a reader of the warehouse.

    Raises:
        ConfigError: The account, user or credentials are wrong.
        TransientError: The warehouse does not answer.
    """
    with open_plain_connection(settings, flow="snowcast") as connection:
        yield Reader(settings, connection)
