"""Transactions as Snowflake keeps them, on DuckDB's.

Snowflake starts one at the first DML where autocommit is off, commits it before DDL, and lets it live on after a
statement that failed. DuckDB cannot do the last: it ends a transaction at the first error and then takes a COMMIT
without a word, so we remember the failure and refuse.

A statement of Snowflake's sees what was committed before it and waits for who changes the same rows; DuckDB's sees what
was committed before its transaction and is refused there. So a transaction without changes is begun anew before each
statement, and one with changes is repeated when it meets the changes of another.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from deployments.embedded.errors import snowflake_error
from deployments.embedded.session.locks import Table, TableLocks

LOCK_PATIENCE_SECONDS = 60.0
FAILED = (
    "The open transaction has lost its changes, because a statement in it failed ({error}). "
    "Send ROLLBACK, then repeat the whole transaction."
)


@dataclass(frozen=True)
class Change:
    """What a statement of the open transaction did.

    Attributes:
        repeat: Does it again and returns the counts; None where that cannot be done.
        told: The counts that the client was told.
    """

    repeat: Callable[[], Any] | None
    told: Any


class Transactions:
    """The transaction of one session.

    Attributes:
        autocommit: Whether each statement outside BEGIN … COMMIT commits on its own.
        open: Whether a transaction is open.
        check_stopped: Raises when the statement that runs is to end.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, locks: TableLocks, *, autocommit: bool) -> None:
        self._connection = connection
        self._locks = locks
        self.autocommit = autocommit
        self.open = False
        self.check_stopped: Callable[[], None] = _never_stopped
        self._failure: str | None = None
        self._commit_failed = False
        self._changes: list[Change] = []
        self._tables: set[Table] = set()
        self._seen = 0

    def begin(self) -> None:
        """BEGIN; a second one changes nothing."""
        if not self.open:
            self._seen = self._locks.now
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
            try:
                self._connection.commit()
            except duckdb.Error:
                self._commit_failed = True
                raise
            self._end(committed=True)

    def rollback(self) -> None:
        """ROLLBACK; without a transaction it does nothing."""
        if self.open:
            with contextlib.suppress(duckdb.Error):
                self._connection.rollback()
            self._end(committed=False)

    def set_autocommit(self, on: bool) -> None:
        """ALTER SESSION SET AUTOCOMMIT, which commits what is open."""
        self.commit()
        self.autocommit = on

    def check(self) -> None:
        """Refuse a statement in a transaction that has failed."""
        if self._failure is not None:
            raise snowflake_error(FAILED.format(error=self._failure), 90071, "40000")

    def note_failure(self, error: Exception) -> None:
        """Note whether a statement that failed took the open transaction with it."""
        if not self.open or self._failure is not None or self._commit_failed:
            return
        try:
            self._connection.execute("SELECT 1")
        except duckdb.Error:
            self._failure = str(error).split("\n")[0]

    def renew(self) -> None:
        """Let a transaction that has changed nothing see what others have committed since it began."""
        if self.open and not self._changes and self._failure is None and self._seen != self._locks.now:
            self._begin_again()

    @contextlib.contextmanager
    def changing(self, tables: Collection[Table], *, locks: bool, inserts: bool) -> Iterator[None]:
        """Run a statement that changes the rows of tables.

        Args:
            tables: The tables, without those of this session only; one where it locks.
            locks: Whether it waits for others that change the table's rows, as all but an INSERT do.
            inserts: Whether it inserts what it does not find (MERGE): it must see what others have inserted.
        """
        for table in tables if locks else ():
            self._locks.acquire(self, table, LOCK_PATIENCE_SECONDS, self.check_stopped)
            self.renew()
            if inserts and self.open and self._locks.is_changed_since(table, self._seen) and not self.recover():
                raise snowflake_error(FAILED.format(error="another transaction changed the table"), 90071, "40000")
        self._tables.update(tables)
        try:
            yield
        except BaseException:
            if not self.open:
                self._end(committed=False)
            raise
        if not self.open:
            self._end(committed=True)

    def note(self, repeat: Callable[[], Any] | None, told: Any = None) -> None:
        """Remember what a statement did in the open transaction, to do it again.

        Args:
            repeat: Does it again and returns the counts; None where that cannot be done.
            told: The counts that the client is told.
        """
        if self.open:
            self._changes.append(Change(repeat, told))

    def recover(self) -> bool:
        """Stand where the last statement of the transaction began, on what is committed now.

        Returns:
            False where the earlier statements cannot be repeated, or do not give what the client was told: then the
            transaction has lost its changes.

        Raises:
            duckdb.TransactionException: Another transaction still changes the same rows.
        """
        if not self.open:
            return True
        self._begin_again()
        try:
            repeated = all(change.repeat is not None and change.repeat() == change.told for change in self._changes)
        except duckdb.TransactionException as error:
            self._failure = str(error).split("\n")[0]
            raise
        except duckdb.Error as error:
            self._failure = str(error).split("\n")[0]
            return False
        if not repeated:
            self._failure = "another transaction changed the same rows"
        return repeated

    def give_up(self) -> None:
        """A statement has failed for good: after a failed COMMIT nothing is open."""
        if self._commit_failed:
            self.rollback()

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
            with contextlib.suppress(duckdb.Error):
                self._connection.rollback()
            raise
        self._connection.commit()

    def _begin_again(self) -> None:
        with contextlib.suppress(duckdb.Error):
            self._connection.rollback()
        self._failure, self._commit_failed = None, False
        self._seen = self._locks.now
        self._connection.begin()

    def _end(self, *, committed: bool) -> None:
        self._locks.release(self, self._tables if committed else ())
        self.open = self._commit_failed = False
        self._failure = None
        self._changes, self._tables = [], set()


def _never_stopped() -> None:
    """Nothing runs."""
