"""CREATE and DROP DATABASE: a database is a file, which DuckDB attaches and detaches."""

from __future__ import annotations

import pyarrow as pa
from sqlglot import exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import does_not_exist, unsupported
from deployments.embedded.names import normalise_name
from deployments.embedded.wire.results import status_table


def create_database(tree: exp.Create, context: StatementContext) -> pa.Table:
    """`CREATE [OR REPLACE] DATABASE [IF NOT EXISTS] x`: with a schema PUBLIC, and the session uses it."""
    if tree.args.get("clone"):
        raise unsupported("CREATE DATABASE … CLONE")
    name = normalise_name(tree.this.sql("snowflake"))
    databases = context.connection.engine.databases
    context.connection.transactions.commit()
    found = databases.find(name)
    if found not in {None, name}:
        raise unsupported(f"a database {name} beside {found}", "Names of databases have to differ in more than case.")
    if found is not None and tree.args.get("exists"):
        return status_table(f"{name} already exists, statement succeeded.")
    if found is not None and tree.args.get("replace"):
        _drop(context, found)
    databases.create(name)
    context.connection.use(name, "PUBLIC")
    return status_table(f"Database {name} successfully created.")


def drop_database(tree: exp.Drop, context: StatementContext) -> pa.Table:
    """`DROP DATABASE [IF EXISTS] x`: close it, delete its files and what the catalog knows of it."""
    name = normalise_name(tree.args["tables"][0].sql("snowflake"))
    context.connection.transactions.commit()
    found = context.connection.engine.databases.find(name)
    if found == name:  # "analytics" is not ANALYTICS
        _drop(context, found)
        return status_table(f"{name} successfully dropped.")
    if tree.args.get("exists"):
        return status_table("Drop statement executed successfully.")
    raise does_not_exist("Database", name)


def _drop(context: StatementContext, name: str) -> None:
    """Step out of the database, since DuckDB does not detach the one a connection is in; then drop it."""
    if (context.database or "").upper() == name.upper():
        context.connection.leave()
    context.connection.engine.databases.drop(name)
