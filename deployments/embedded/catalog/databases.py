"""CREATE and DROP DATABASE: a database is a file, which DuckDB attaches and detaches."""

from __future__ import annotations

import re

import pyarrow as pa

from deployments.embedded.catalog.names import IDENTIFIER, parts, said
from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.process.databases import check_database

CREATE = re.compile(
    rf"""\s*CREATE\s+(?P<replace>OR\s+REPLACE\s+)?(?:TRANSIENT\s+)?DATABASE\s+(?P<exists>IF\s+NOT\s+EXISTS\s+)?
    (?P<name>{IDENTIFIER})\s*(?P<rest>.*?)\s*;?\s*$""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
OPTIONS = re.compile(r"(?:\w+\s*=\s*(?:'(?:[^']|'')*'|\w+)\s*)*$", re.IGNORECASE)
DROP = re.compile(
    rf"""\s*DROP\s+DATABASE\s+(?P<exists>IF\s+EXISTS\s+)?(?P<name>{IDENTIFIER})\s*(?:CASCADE|RESTRICT)?\s*;?\s*$""",
    re.IGNORECASE,
)


def create_database(statement: str, context: StatementContext) -> pa.Table | None:
    """`CREATE [OR REPLACE] DATABASE [IF NOT EXISTS] x`: with a schema PUBLIC, and the session uses it."""
    match = CREATE.match(statement)
    if match is None:
        return None
    if not OPTIONS.match(match["rest"]):
        raise unsupported(f"CREATE DATABASE … {match['rest'].split()[0].upper()}")
    (name,) = parts(match["name"])
    check_database(name)
    databases = context.connection.engine.databases
    context.connection.transactions.commit()
    found = databases.find(name)
    if found is not None and match["exists"]:
        return said(f"{name} already exists, statement succeeded.")
    if found is not None and match["replace"]:
        _drop(context, found)
    databases.create(name)
    context.connection.use(name, "PUBLIC")
    return said(f"Database {name} successfully created.")


def drop_database(statement: str, context: StatementContext) -> pa.Table | None:
    """`DROP DATABASE [IF EXISTS] x`: close it, delete its file and what the catalogue knows of it."""
    match = DROP.match(statement)
    if match is None:
        return None
    (name,) = parts(match["name"])
    check_database(name)
    context.connection.transactions.commit()
    found = context.connection.engine.databases.find(name)
    if found is None:
        if match["exists"]:
            return said("Drop statement executed successfully.")
        message = f"SQL compilation error:\nDatabase '{name}' does not exist or not authorized."
        raise snowflake_error(message, 2003, "02000")
    _drop(context, found)
    return said(f"{name} successfully dropped.")


def _drop(context: StatementContext, name: str) -> None:
    """Step out of the database, since DuckDB does not detach the one a connection is in; then drop it."""
    connection = context.connection
    if (context.database or "").upper() == name.upper():
        context.duck_conn.execute("USE memory.main")
        connection.database, connection._schema = None, None
        connection.database_set = connection.schema_set = False
    connection.engine.databases.drop(name)
