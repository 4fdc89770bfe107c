"""The one login of a validation: Great Expectations gets an engine on it and never sees how it was opened.

GX builds its own SQLAlchemy engine from a connection string, disposes it with every batch and logs in again, and reads
`$` in a password as a variable to replace. So its string holds placeholders only, and the engine asks here for the
connection: one login serves every table, with whatever authentication the parameters name, and no secret is in any
object that GX could store, render or log.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import snowflake.connector
import sqlalchemy
from sqlalchemy import event

from transforms.contract import checked_identifier

PLACEHOLDER_ACCOUNT = "snowcast-validation"
_open: dict[str, SharedConnection] = {}


class SharedConnection:
    """A connection that survives the engines that use it. Validation only reads, so there is nothing to roll back."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def close(self) -> None:
        """Nothing: the login is closed by the one who opened it."""

    def rollback(self) -> None:
        """Nothing: reads leave no transaction."""

    def commit(self) -> None:
        """Nothing: reads leave no transaction."""

    def autocommit(self, mode: bool) -> None:
        """Nothing: the login keeps its mode."""


@contextmanager
def login(connection: Mapping[str, Any] | Any) -> Iterator[tuple[str, Any]]:
    """Log in, or use the connection that is given.

    Args:
        connection: Parameters of `snowflake.connector.connect`, or an open connection, which is left open.

    Yields:
        The SQLAlchemy URL under which engines reach the connection, and the connection.
    """
    opened: Any = snowflake.connector.connect(**connection) if isinstance(connection, Mapping) else connection
    name = f"v{uuid.uuid4().hex}"
    _open[name] = SharedConnection(opened)
    database = checked_identifier(opened.database or "ANALYTICS")
    try:
        yield f"snowflake://{name}:none@{PLACEHOLDER_ACCOUNT}/{database}/PUBLIC?warehouse=none&role=none", opened
    finally:
        del _open[name]
        if isinstance(connection, Mapping):
            opened.close()


def _hand_out(dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> SharedConnection | None:
    """The open login that the placeholder names; None lets every other engine connect as usual."""
    if dialect.name != "snowflake" or parameters.get("account") != PLACEHOLDER_ACCOUNT:
        return None
    return _open[parameters["user"]]


event.listen(sqlalchemy.Engine, "do_connect", _hand_out)
