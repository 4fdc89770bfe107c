"""The warehouse: the only login, and the only place that knows if it is a Snowflake account or the embedded one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from flows.errors import BrokenOffError, TransientError
from flows.settings import Settings
from flows.warehouse.errors import warehouse_errors
from flows.warehouse.login import connect
from flows.warehouse.pool import Login, Logins
from flows.warehouse.statements import Statement
from transforms.functions import Session

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.connector.cursor import SnowflakeCursor


_current: ContextVar[_Place | None] = ContextVar("place", default=None)
# What a statement ends in where the database, a schema or a table is not there, or no database is in use yet.
_MISSING_CODES = {2003, 2043, 90105, 90106}


@contextmanager
def open_session(settings: Settings, **tag: str) -> Iterator[Session]:
    """Open a Snowpark session whose statements carry `tag` (flow, run, step, table) as their QUERY_TAG, as JSON.

    Inside another `open_session` the login is shared: a flow logs in once, its steps add their tag. A step in a thread
    of its own takes another login of the flow, which the next step of some thread takes over when it is done.

    Raises:
        ConfigError: The account, user or credentials are wrong.
        TransientError: The warehouse does not answer.
    """
    outer = _current.get()
    logins = outer.logins if outer else Logins(partial(connect, settings))
    is_shared = outer is not None and outer.thread == threading.get_ident()
    login = outer.login if outer is not None and is_shared else logins.take()
    place = _Place(logins, login, threading.get_ident(), {**(outer.tag if outer else {}), **tag})
    token = _current.set(place)
    try:
        with warehouse_errors(settings):
            session = login.session
            with login.connection.tag_statements(place.tag):
                yield session
    except TransientError as error:
        login.close(is_gone=True)
        if login.is_broken_off:
            raise BrokenOffError("The flow was stopped.") from error
        raise
    finally:
        _current.reset(token)
        if not is_shared:
            logins.give_back(login)
        if outer is None:
            logins.close()


def list_sent_statements() -> list[Statement]:
    """Return what the flow that has the warehouse open has sent so far, by all its logins."""
    place = _current.get()
    return place.logins.log.statements if place else []


def workers(settings: Settings) -> int:
    """Return how many tables are built, or checked, at the same time."""
    return settings.workers or (2 if settings.warehouse == "embedded" else 4)


def break_off() -> None:
    """Stop what the other threads of this flow have under way: running statements are cancelled, none follows them."""
    place = _current.get()
    if place:
        place.logins.break_off(but=place.login)


@dataclass(frozen=True)
class _Place:
    """Where a step runs: with which login of its flow, in which thread, under which tag."""

    logins: Logins
    login: Login
    thread: int
    tag: Mapping[str, str]


def prepare(session: Session, settings: Settings) -> None:
    """Create what is missing: database, schemas, stage, file formats, tables and their new columns.

    Inside `open_session` the flow remembers what it saw: see `list_stored_columns`.
    """
    from flows.warehouse.scripts import prepare_warehouse

    seen = prepare_warehouse(session, settings)
    place = _current.get()
    if place:
        place.logins.columns = seen.types


def list_stored_columns() -> Mapping[str, dict[str, str]] | None:
    """List columns and types of every table as this flow saw them; None: it has not looked."""
    place = _current.get()
    return place.logins.columns if place else None


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
    with warehouse_errors(settings), closing(connect(settings, QUERY_TAG='{"flow": "snowcast"}')) as connection:
        yield Reader(settings, connection)
