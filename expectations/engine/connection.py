"""The one login of a validation: Great Expectations gets an engine on it and never sees how it was opened.

GX builds its own SQLAlchemy engine from a connection string, disposes it with every batch and logs in again, and reads
`$` in a password as a variable to replace. So its string holds placeholders only, and the engine asks here for the
connection: one login serves every table, with whatever authentication the parameters name, and no secret is in any
object that GX could store, render or log.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import snowflake.connector
import sqlalchemy
from snowflake.connector.cursor import SnowflakeCursor
from sqlalchemy import event

_PLACEHOLDER = "snowcast-validation"
URL = f"snowflake://{_PLACEHOLDER}:none@{_PLACEHOLDER}/ANALYTICS/PUBLIC?warehouse=none&role=none"
# Parameters of a login, an open connection, or what lends one for the check of the table that is named.
Logins = Mapping[str, Any] | Callable[[str], AbstractContextManager[Any]] | Any


class SharedConnection(threading.local):
    """The login in force in this thread, as the connection of every engine.

    Validation only reads: there is nothing to roll back.
    """

    # SQLAlchemy writes %(name)s; a Snowpark session's connection is set to question marks.
    is_pyformat = True

    def __init__(self) -> None:
        self.opened: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.opened, name)

    def cursor(self) -> SnowflakeCursor:
        """Return a cursor of the login that takes SQLAlchemy's parameters."""
        connection: Any = self
        return SnowflakeCursor(connection)

    def close(self) -> None:
        """Do nothing: the login is closed by the one who opened it."""

    def rollback(self) -> None:
        """Do nothing: reads leave no transaction."""

    def commit(self) -> None:
        """Do nothing: reads leave no transaction."""

    def autocommit(self, mode: bool) -> None:
        """Do nothing: the login keeps its mode."""


_shared = SharedConnection()


def ask_whether_it_answers() -> None:
    """Send the login in force a statement that cannot be at fault; raises what its client does if it is gone."""
    _shared.opened.cursor().execute("SELECT 1")


@contextmanager
def login(logins: Logins, name: str = "") -> Iterator[Any]:
    """Log in, or use the connection that is given; engines on `URL` use it in this thread until the end of the block.

    Args:
        logins: Parameters of `snowflake.connector.connect`, an open connection, which is left open, or what lends one.
        name: The table that is about to be checked.

    Yields:
        The connection.
    """
    with _open(logins, name) as opened:
        before, _shared.opened = _shared.opened, opened
        try:
            yield opened
        finally:
            _shared.opened = before


def _open(logins: Logins, name: str) -> AbstractContextManager[Any]:
    if isinstance(logins, Mapping):
        return snowflake.connector.connect(**logins)
    return logins(name) if callable(logins) else nullcontext(logins)


def _hand_out(dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> SharedConnection | None:
    """Return the login in force for engines on `URL`; None lets every other engine connect as usual."""
    is_ours = dialect.name == "snowflake" and parameters.get("user") == _PLACEHOLDER
    if is_ours:
        # Version and current schema are nothing to us; asking for them would be two statements for every engine.
        dialect.initialize = lambda connection: None
    return _shared if is_ours else None


event.listen(sqlalchemy.Engine, "do_connect", _hand_out)
