"""Transactions as Snowflake keeps them, on DuckDB's.

Snowflake starts one at the first DML where autocommit is off, commits it before DDL, and lets it live on after a
statement that failed. DuckDB cannot do the last: it ends a transaction at the first error and then takes a COMMIT
without a word, so we remember the failure and refuse.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import duckdb

from deployments.embedded.errors import snowflake_error

FAILED = (
    "The open transaction has lost its changes, because a statement in it failed ({error}). "
    "Send ROLLBACK, then repeat the whole transaction."
)


class Transactions:
    """The transaction of one session.

    Attributes:
        autocommit: Whether each statement outside BEGIN … COMMIT commits on its own.
        open: Whether a transaction is open.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, autocommit: bool) -> None:
        self._connection = connection
        self.autocommit = autocommit
        self.open = False
        self._failure: str | None = None

    def begin(self) -> None:
        """BEGIN; a second one changes nothing."""
        if not self.open:
            self._connection.begin()
            self.open = True

    def begin_for_change(self) -> None:
        """Called before DML: without autocommit it opens a transaction."""
        if not self.autocommit:
            self.begin()

    def commit(self) -> None:
        """COMMIT; without a transaction it does nothing."""
        if self._failure is not None:
            failure = self._failure
            self.rollback()
            raise snowflake_error(FAILED.format(error=failure), 90071, "40000")
        if self.open:
            self.open = False
            self._connection.commit()

    def rollback(self) -> None:
        """ROLLBACK; without a transaction it does nothing."""
        if self.open:
            self.open, self._failure = False, None
            with contextlib.suppress(duckdb.TransactionException):
                self._connection.rollback()

    def set_autocommit(self, on: bool) -> None:
        """ALTER SESSION SET AUTOCOMMIT, which commits what is open."""
        self.commit()
        self.autocommit = on

    def check(self) -> None:
        """Refuse a statement in a transaction that has failed."""
        if self._failure is not None:
            raise snowflake_error(FAILED.format(error=self._failure), 90071, "40000")

    def failed(self, error: Exception) -> None:
        """A statement failed: note whether it took the open transaction with it."""
        if not self.open or self._failure is not None:
            return
        try:
            self._connection.execute("SELECT 1")
        except duckdb.Error:
            self._failure = str(error).split("\n")[0]

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Run several DuckDB statements as one: all of them or none."""
        if self.open:
            yield
            return
        self._connection.begin()
        try:
            yield
        except BaseException:
            with contextlib.suppress(duckdb.TransactionException):
                self._connection.rollback()
            raise
        self._connection.commit()
