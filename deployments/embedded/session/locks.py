"""Locks of tables as Snowflake keeps them: UPDATE, DELETE, MERGE and TRUNCATE of one table wait for each other.

DuckDB knows no locks. It lets two transactions change one table and refuses the second where they meet in a row; two
MERGEs that insert the same key it does not refuse at all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import TypeAlias

from deployments.embedded.errors import snowflake_error

Table: TypeAlias = tuple[str, str, str]

LOOK_AGAIN_SECONDS = 0.25


class TableLocks:
    """Who may change the rows of which table, and when each table was last changed.

    A moment is a number that grows with every committed change.
    """

    def __init__(self) -> None:
        self._released = threading.Condition()
        self._holders: dict[Table, object] = {}
        self._wanted: dict[object, Table] = {}
        self._changed_at: dict[Table, int] = {}
        self._now = 0

    @property
    def now(self) -> int:
        """The moment of the newest committed change."""
        return self._now

    def is_changed_since(self, table: Table, moment: int) -> bool:
        """Whether a change of the table was committed after a moment."""
        return self._changed_at.get(table, 0) > moment

    def acquire(self, owner: object, table: Table, seconds: float, check_stopped: Callable[[], None]) -> None:
        """Wait until nobody else holds the table's lock, and hold it.

        Args:
            owner: The transaction that holds it until `release`.
            table: Database, schema and name.
            seconds: How long to wait.
            check_stopped: Raises when the statement that waits is to end.

        Raises:
            ProgrammingError: the lock was not released in time (000625), or its holder waits for this owner.
        """
        until = time.monotonic() + seconds
        with self._released:
            self._wanted[owner] = table
            try:
                while self._holders.get(table, owner) is not owner:
                    check_stopped()
                    if self._waits_for(self._holders[table], owner):
                        raise _describe_lock(table, "by a transaction that waits for this one")
                    if time.monotonic() > until:
                        raise _describe_lock(table, f"for more than {seconds:g} seconds")
                    self._released.wait(LOOK_AGAIN_SECONDS)
                self._holders[table] = owner
            finally:
                del self._wanted[owner]

    def release(self, owner: object, changed: Iterable[Table] = ()) -> None:
        """Give back every lock of an owner.

        Args:
            owner: The transaction that ended.
            changed: The tables that it changed; none if it was rolled back.
        """
        with self._released:
            self._now += 1
            self._changed_at.update(dict.fromkeys(changed, self._now))
            for table in [table for table, holder in self._holders.items() if holder is owner]:
                del self._holders[table]
            self._released.notify_all()

    def _waits_for(self, waiting: object, owner: object) -> bool:
        """Whether a holder waits, directly or through others, for a lock of the owner."""
        seen: set[int] = set()
        while waiting is not owner and id(waiting) not in seen and waiting in self._wanted:
            seen.add(id(waiting))
            waiting = self._holders.get(self._wanted[waiting])
        return waiting is owner


def _describe_lock(table: Table, how: str) -> Exception:
    return snowflake_error(f"Table '{'.'.join(table)}' is locked {how}; the statement was aborted.", 625, "57014")
