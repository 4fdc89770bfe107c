"""The one login of a validation: Great Expectations gets an engine on it and never sees how it was opened.

GX builds its own SQLAlchemy engine from a connection string, disposes it with every batch and logs in again, and reads
`$` in a password as a variable to replace. So its string holds placeholders only, and the engine asks here for the
connection: one login serves every table, with whatever authentication the parameters name, and no secret is in any
object that GX could store, render or log.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import snowflake.connector
import sqlalchemy
from snowflake.connector.cursor import SnowflakeCursor
from sqlalchemy import event

_PLACEHOLDER = "snowcast-validation"
URL = f"snowflake://{_PLACEHOLDER}:none@{_PLACEHOLDER}/ANALYTICS/PUBLIC?warehouse=none&role=none"
# Great Expectations keeps its current context in a process-wide place, so one validation runs at a time.
_one_at_a_time = threading.Lock()


class SharedConnection:
    """The login in force, as the connection of every engine. Validation only reads: there is nothing to roll back."""

    # SQLAlchemy writes %(name)s; a Snowpark session's connection is set to question marks.
    is_pyformat = True

    def __init__(self) -> None:
        self.opened: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.opened, name)

    def cursor(self) -> SnowflakeCursor:
        """A cursor of the login that takes SQLAlchemy's parameters."""
        connection: Any = self
        return SnowflakeCursor(connection)

    def close(self) -> None:
        """Nothing: the login is closed by the one who opened it."""

    def rollback(self) -> None:
        """Nothing: reads leave no transaction."""

    def commit(self) -> None:
        """Nothing: reads leave no transaction."""

    def autocommit(self, mode: bool) -> None:
        """Nothing: the login keeps its mode."""


_shared = SharedConnection()


@contextmanager
def login(connection: Mapping[str, Any] | Any) -> Iterator[Any]:
    """Log in, or use the connection that is given; engines on `URL` use it until the end of the block.

    Args:
        connection: Parameters of `snowflake.connector.connect`, or an open connection, which is left open.

    Yields:
        The connection.
    """
    with _one_at_a_time:
        opened: Any = snowflake.connector.connect(**connection) if isinstance(connection, Mapping) else connection
        _shared.opened = opened
        try:
            yield opened
        finally:
            _shared.opened = None
            if isinstance(connection, Mapping):
                opened.close()


def _hand_out(dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> SharedConnection | None:
    """The login in force for engines on `URL`; None lets every other engine connect as usual."""
    is_ours = dialect.name == "snowflake" and parameters.get("user") == _PLACEHOLDER
    return _shared if is_ours else None


event.listen(sqlalchemy.Engine, "do_connect", _hand_out)
