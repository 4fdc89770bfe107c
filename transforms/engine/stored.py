"""Stored tables as frames, by their full names."""

from __future__ import annotations

from transforms.contract import ContractError, Table
from transforms.functions import DataFrame, Session


def read_table(session: Session, table: Table) -> DataFrame:
    """Read the table as it is stored."""
    return session.table(table.full_name(current_database(session)))


def current_database(session: Session) -> str:
    """Return the session's database, unquoted.

    Raises:
        ContractError: The session has none.
    """
    name = session.get_current_database()
    if not name:
        raise ContractError("the session has no database: open it with the database that holds the tables")
    return name.strip('"')
