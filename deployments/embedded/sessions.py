"""Logins: each has its own DuckDB connection, current database and schema, parameters and transaction."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import duckdb

from deployments.embedded.context import SessionState
from deployments.embedded.cursor import EmbeddedConnection, open_connection

if TYPE_CHECKING:
    from deployments.embedded.engine import Engine

EXPIRES_AFTER_SECONDS = 4 * 3600.0
DEFAULT_PARAMETERS: dict[str, Any] = {
    "AUTOCOMMIT": True,
    "CLIENT_SESSION_KEEP_ALIVE": False,
    "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY": 900,
    "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD": 0,
    "CLIENT_TELEMETRY_ENABLED": False,
    "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "ARROW",
    "QUERY_TAG": "",
    "STATEMENT_TIMEOUT_IN_SECONDS": 0,
    "TIMEZONE": "UTC",
}


class Session:
    """One login.

    Attributes:
        token: What every request of this login carries.
        connection: The DuckDB cursor, current database and schema, and what the session keeps between statements.
        lock: Held while a statement of this session runs; statements of one session run one after the other.
        in_transaction: Whether a transaction is open.
        peers: Network connections that carried requests of this session and are still open.
    """

    def __init__(self, connection: EmbeddedConnection) -> None:
        self.token = secrets.token_urlsafe(32)
        self.master_token = secrets.token_urlsafe(32)
        self.connection = connection
        self.lock = threading.RLock()
        self.in_transaction = False
        self.closed = False
        self.last_seen = time.monotonic()
        self.peers: set[tuple[str, int]] = set()

    @property
    def database(self) -> str | None:
        """Current database."""
        return self.connection.database

    @property
    def schema(self) -> str | None:
        """Current schema."""
        return self.connection.schema

    @property
    def state(self) -> SessionState:
        """Number, parameters and temporary tables of the session."""
        return self.connection.session

    def interrupt(self) -> None:
        """End the statement that runs now with an error."""
        with contextlib.suppress(duckdb.Error):
            self.connection._duck_conn.interrupt()

    def close(self) -> None:
        """Roll back what is open and give the connection back; waits for the running statement."""
        with self.lock:
            if self.closed:
                return
            self.closed = True
            with contextlib.suppress(duckdb.Error):
                self.connection._duck_conn.rollback()
            self.connection.close()


class Sessions:
    """Every login that is open."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._by_token: dict[str, Session] = {}
        self._numbers = itertools.count(1)

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._by_token.values()))

    def open(self, database: str | None, schema: str | None, parameters: dict[str, Any]) -> Session:
        """Log in; the database and the schema are created when they are not there."""
        given = {name.upper(): value for name, value in parameters.items()}
        state = SessionState(next(self._numbers), {**DEFAULT_PARAMETERS, **given})
        with self._engine.login:
            connection = open_connection(
                self._engine,
                warehouse=self._engine.paths.root,
                database=database,
                schema=schema,
                session=state,
                autocommit=is_true(given.get("AUTOCOMMIT", True)),
            )
        session = Session(connection)
        self._by_token[session.token] = session
        return session

    def find(self, token: str) -> Session | None:
        """The open session with this token, marked as seen now."""
        session = self._by_token.get(token)
        if session:
            session.last_seen = time.monotonic()
        return session

    def forget(self, session: Session) -> None:
        """Refuse the session's token from now on."""
        self._by_token.pop(session.token, None)

    def expired(self) -> list[Session]:
        """Sessions nobody has used for four hours, as Snowflake counts."""
        oldest = time.monotonic() - EXPIRES_AFTER_SECONDS
        return [session for session in self if session.last_seen < oldest]

    def close(self) -> None:
        """End every session."""
        for session in self:
            self.forget(session)
            session.interrupt()
            session.close()


def is_true(value: Any) -> bool:
    """A boolean parameter as clients send it: JSON true, or the word."""
    return str(value).lower() == "true"
