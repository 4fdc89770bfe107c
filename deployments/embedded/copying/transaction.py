"""The transaction that a COPY runs in: the session's, if one is open, or one of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from deployments.embedded.context import StatementContext


def is_in_transaction(context: StatementContext) -> bool:
    """Whether the session has opened a transaction, which then is not ours to commit."""
    if not context.connection._autocommit:
        return True
    ask = "SELECT txid_current()"
    first, second = (context.duck_conn.execute(ask).fetchall() for _ in range(2))
    return bool(first == second)


@contextlib.contextmanager
def transaction(context: StatementContext) -> Iterator[None]:
    """Run in the session's transaction, or in one of our own that commits at the end."""
    connection, duck = context.connection, context.duck_conn
    if is_in_transaction(context):
        if not connection._autocommit and not connection._in_transaction:
            duck.begin()
            connection._in_transaction = True
        yield
        return
    duck.begin()
    try:
        yield
    except BaseException:
        with contextlib.suppress(duckdb.Error):
            duck.rollback()
        raise
    duck.commit()
