"""The transaction of a build, and what it means when one of its statements fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from snowflake.connector.errors import Error as ConnectorError
from snowflake.snowpark.exceptions import SnowparkSQLException

from transforms.contract import ContractError, Table
from transforms.engine import ledgers, merge
from transforms.engine.merge import BuildConflictError
from transforms.engine.states import State, States
from transforms.functions import Session

_SQL_ERRORS = (SnowparkSQLException, ConnectorError)  # Snowpark hands on some of the connector's as they are
_TRIES, _PAUSE_SECONDS = 12, 0.25


@contextmanager
def committing(session: Session, table: Table, seen: State, states: States | None) -> Iterator[list[str]]:
    """Commit all that a build writes in the block, or none of it; yields what is sent with the COMMIT.

    Args:
        session: Where the table is.
        table: What is built.
        seen: Its state when the build began.
        states: The states of the run's tables: after a failure the table's is read again.

    Raises:
        BuildConflictError: Another build of the table was committed meanwhile; nothing was written.
    """
    try:
        with ledgers.transaction(session) as last:
            yield last
    except Exception as error:
        # What was read of the state may be what made it fail, and a commit that was not answered may have been done.
        if states:
            states.forget(table.name)
        if isinstance(error, (ContractError, *_SQL_ERRORS)) and _is_overtaken(session, table, seen, error):
            raise BuildConflictError(merge.describe_overtaken(table)) from error
        raise


def _is_overtaken(session: Session, table: Table, seen: State, error: Exception) -> bool:
    """Return whether another build of the table is why a statement of this one failed.

    A warehouse that does not wait for a lock (the embedded one) says no while the other build still writes: it is
    given the time to commit.
    """
    tries = _TRIES if isinstance(error, _SQL_ERRORS) else 1
    for number in range(tries):
        if number:
            time.sleep(_PAUSE_SECONDS)
        if merge.is_overtaken(session, table, seen):
            return True
    return False
