"""Stored tables as frames, by their full names."""

from __future__ import annotations

from transforms.catalog import Model, models
from transforms.contract import ContractError, Table
from transforms.functions import DataFrame, Session
from transforms.ops import LEDGERS
from transforms.write_kinds import View


def list_tables() -> list[Table]:
    """List the ledgers, then every table of the catalog."""
    return [*LEDGERS, *[model.table for model in models().values()]]


def read_inputs(session: Session, model: Model) -> list[DataFrame]:
    """Read what the build of a table reads, in the order of its parameters; a view reads ledgers too."""
    ledgers = {ledger.name: ledger for ledger in LEDGERS}
    named = model.table.write.ledgers if isinstance(model.table.write, View) else ()
    read = [*[models()[name].table for name in model.inputs], *[ledgers[name] for name in named]]
    return [read_table(session, table) for table in read]


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
