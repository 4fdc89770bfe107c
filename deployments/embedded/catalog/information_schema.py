"""INFORMATION_SCHEMA: Snowflake's views of what is in a database."""

from __future__ import annotations

import sqlglot
from sqlglot import Expr, exp

from deployments.embedded.catalog.row_counts import row_counts
from deployments.embedded.context import StatementContext
from deployments.embedded.errors import unsupported
from deployments.embedded.sql.macros import HOME
from deployments.embedded.sql.rewrites.trees import func

INFORMATION_SCHEMA = "INFORMATION_SCHEMA"
VIEWS = {
    "TABLES": "sf_information_tables",
    "COLUMNS": "sf_information_columns",
    "VIEWS": "sf_information_views",
    "SCHEMATA": "sf_information_schemata",
    "DATABASES": "sf_information_databases",
}


def information_schema(node: exp.Table, context: StatementContext) -> Expr:
    """`SELECT … FROM DB.INFORMATION_SCHEMA.TABLES` with Snowflake's columns, temporary tables and comments."""
    if node.db.upper() != INFORMATION_SCHEMA:
        return node
    macro = VIEWS.get(node.name.upper())
    if macro is None:
        raise unsupported(f"INFORMATION_SCHEMA.{node.name.upper()}", f"It has {', '.join(VIEWS)}.")
    database = node.catalog or context.database or ""
    arguments: list[Expr] = [exp.Literal.string(database)]
    if macro == "sf_information_tables":
        arguments.append(sqlglot.parse_one(row_counts(context, database), read="duckdb"))
    table = exp.Table(this=func(f"{HOME}.{macro}", *arguments), alias=node.args.get("alias"))
    if not table.alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(node.name, quoted=True)))
    for clause in ("joins", "sample", "pivots"):
        table.set(clause, node.args.get(clause))
    return table
