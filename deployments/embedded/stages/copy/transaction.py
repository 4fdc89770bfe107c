"""The transaction that a COPY runs in: the session's, if one is open, or one of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployments.embedded.context import StatementContext


def is_in_transaction(context: StatementContext) -> bool:
    """Whether the session has opened a transaction, which then is not ours to commit."""
    transactions = context.connection.transactions
    return transactions.open or not transactions.autocommit


@contextlib.contextmanager
def transaction(context: StatementContext) -> Iterator[None]:
    """Run in the session's transaction, or in one of our own that commits at the end."""
    transactions = context.connection.transactions
    transactions.begin_for_change()
    transactions.check()
    transactions.note(None)
    with transactions.together():
        yield
