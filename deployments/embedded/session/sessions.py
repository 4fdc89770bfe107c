"""Logins: each has its own DuckDB connection, current database and schema, parameters and transaction."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import threading
import time
from collections.abc import Iterator
from typing import Any

import duckdb

from deployments.embedded.context import SessionState
from deployments.embedded.session.account import find_unmet, read_account
from deployments.embedded.session.connection import EmbeddedConnection
from deployments.embedded.session.engine import Engine

Peer = tuple[str, int]

ABANDONED_AFTER_SECONDS = 5.0
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
        peers: Network connections that carried requests of this session and are still open.
        alone_since: Since when there is none, on the monotonic clock.
    """

    def __init__(self, connection: EmbeddedConnection) -> None:
        self.token = secrets.token_urlsafe(32)
        self.master_token = secrets.token_urlsafe(32)
        self.connection = connection
        self.lock = threading.RLock()
        self.closed = False
        self.last_seen = time.monotonic()
        self.peers: set[Peer] = set()
        self.alone_since: float | None = None

    @property
    def database(self) -> str | None:
        """Current database."""
        return self.connection.database

    @property
    def schema(self) -> str | None:
        """Current schema."""
        return self.connection.schema

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, by BEGIN or by a change with AUTOCOMMIT off."""
        return self.connection.transactions.open

    @property
    def state(self) -> SessionState:
        """Number, parameters and temporary tables of the session."""
        return self.connection.session

    def interrupt(self) -> None:
        """End the statement that runs now with an error."""
        with contextlib.suppress(duckdb.Error):
            self.connection.duck_conn.interrupt()

    def close(self) -> None:
        """Roll back what is open and give the connection back; waits for the running statement."""
        with self.lock:
            if self.closed:
                return
            self.closed = True
            self.connection.transactions.rollback()
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
        account = read_account(self._engine.paths.root)
        given = {name.upper(): value for name, value in parameters.items()}
        unmet = find_unmet(account, given)
        known = {**DEFAULT_PARAMETERS, **account, **given}
        state = SessionState(
            next(self._numbers), {name: value for name, value in known.items() if name not in unmet}, unmet
        )
        connection = EmbeddedConnection(
            self._engine,
            database=self._engine.databases.ensure(database) if database else None,
            schema=schema,
            session=state,
            autocommit=is_true(known["AUTOCOMMIT"]),
        )
        session = Session(connection)
        self._by_token[session.token] = session
        return session

    def find(self, token: str, peer: Peer | None) -> Session | None:
        """The open session with this token, marked as seen now.

        Args:
            token: What the request carries.
            peer: The network connection it came by.
        """
        session = self._by_token.get(token)
        if session:
            session.last_seen = time.monotonic()
            session.alone_since = None
            if peer:
                session.peers.add(peer)
        return session

    def lose(self, peer: Peer) -> None:
        """Note that a network connection is closed."""
        for session in self:
            if peer in session.peers:
                session.peers.remove(peer)
                session.alone_since = None if session.peers else time.monotonic()

    def find_abandoned(self) -> list[Session]:
        """Find the sessions to end: unused for four hours, or in a transaction whose client is gone.

        A client that was killed leaves its transaction open, and with it what it changed out of reach of others; its
        network connections are closed by the operating system.
        """
        now = time.monotonic()
        return [
            session
            for session in self
            if now - session.last_seen > EXPIRES_AFTER_SECONDS
            or (session.in_transaction and now - (session.alone_since or now) > ABANDONED_AFTER_SECONDS)
        ]

    def forget(self, session: Session) -> None:
        """Refuse the session's token from now on."""
        self._by_token.pop(session.token, None)

    def close(self) -> None:
        """End every session."""
        for session in self:
            self.forget(session)
            session.interrupt()
            session.close()


def is_true(value: Any) -> bool:
    """A boolean parameter as clients send it: JSON true, or the word."""
    return str(value).lower() == "true"
