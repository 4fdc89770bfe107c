"""A Snowpark session without a warehouse: frames become statements, and a statement that would be sent is refused.

What frames need to know of stored tables, the contracts tell them (transforms/engine/known_schemas.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flows.errors import SnowcastError
from transforms.functions import Session


class NoWarehouseError(SnowcastError):
    """A build asked the warehouse where its statement alone was wanted."""


class _Cursor:
    """Refuses every statement."""

    def execute(self, command: str, params: Any = None, **options: Any) -> None:
        raise NoWarehouseError(f"The statement of a build was to be told without the warehouse, but it asks: {command}")


class _Connection:
    """What Snowpark reads of a connector's connection before it sends anything."""

    session_id = 0
    account = user = host = application = "offline"
    role = warehouse = None
    schema = "PUBLIC"
    telemetry_enabled = False
    _telemetry = None
    _session_parameters: dict[str, Any] = {}

    def __init__(self, database: str) -> None:
        self.database = database

    def cursor(self) -> _Cursor:
        return _Cursor()

    def is_closed(self) -> bool:
        return False

    def close(self) -> None:
        """Have nothing to close."""


@contextmanager
def open_offline_session(database: str) -> Iterator[Session]:
    """Open a session that can make statements and send none.

    Args:
        database: The database that full names of tables name.
    """
    from snowflake.snowpark import Session
    from snowflake.snowpark.session import _remove_session

    session = Session.builder.configs({"connection": _Connection(database)}).create()
    try:
        session.sql_simplifier_enabled = False
        yield session
    finally:
        _remove_session(session)  # closing it would send a statement
