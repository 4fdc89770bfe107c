"""What a query asks about its session, and what it reads of the catalogue."""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from fakesnow import transforms
from sqlglot import Expr, exp

from deployments.embedded.catalog.row_counts import row_counts
from deployments.embedded.context import StatementContext
from deployments.embedded.sql.macros import HOME
from deployments.embedded.sql.rewrites.trees import Rule, func

INFORMATION_SCHEMA = "INFORMATION_SCHEMA"
CATALOGUE_VIEWS = {
    "TABLES": "sf_information_tables",
    "COLUMNS": "sf_information_columns",
    "VIEWS": "sf_information_views",
    "SCHEMATA": "sf_information_schemata",
    "DATABASES": "sf_information_databases",
}


def _text(value: str | None) -> Expr:
    return exp.Literal.string(value) if value else exp.cast(exp.Null(), "VARCHAR")


_CURRENT: dict[str, Callable[[StatementContext], str | None]] = {
    "CURRENT_ACCOUNT": lambda context: "EMBEDDED",
    "CURRENT_ACCOUNT_NAME": lambda context: "EMBEDDED",
    "CURRENT_ORGANIZATION_NAME": lambda context: "SNOWCAST",
    "CURRENT_REGION": lambda context: "LOCAL",
    "CURRENT_CLIENT": lambda context: "",
    "CURRENT_DATABASE": lambda context: context.database,
    "CURRENT_ROLE": lambda context: "SYSADMIN",
    "CURRENT_SCHEMA": lambda context: context.schema,
    "CURRENT_SESSION": lambda context: str(context.session.session_id),
    "CURRENT_USER": lambda context: "SNOWCAST",
    "CURRENT_WAREHOUSE": lambda context: "EMBEDDED",
    "LAST_QUERY_ID": lambda context: context.session.last_query_id,
    "CURRENT_SECONDARY_ROLES": lambda context: "",
    "CURRENT_AVAILABLE_ROLES": lambda context: '["SYSADMIN"]',
}


def _sql_names(node: exp.Func) -> list[str]:
    return list(type(node).sql_names())


def current(node: exp.Func, context: StatementContext) -> Expr:
    """`CURRENT_DATABASE()`, `CURRENT_SESSION()`, `LAST_QUERY_ID()` and their like."""
    name = node.name.upper() if isinstance(node, exp.Anonymous) else _sql_names(node)[0]
    return _text(_CURRENT[name](context))


def is_current(node: exp.Anonymous) -> bool:
    """Whether a function unknown to the parser is one of these."""
    return node.name.upper() in _CURRENT


def information_schema(node: exp.Table, context: StatementContext) -> Expr:
    """`SELECT … FROM DB.INFORMATION_SCHEMA.TABLES` with Snowflake's columns, temporary tables and comments."""
    if node.db.upper() != INFORMATION_SCHEMA:
        return node
    macro = CATALOGUE_VIEWS.get(node.name.upper())
    if macro is None:
        return transforms.information_schema_fs(node)
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


RULES: dict[type[Expr], Rule] = {
    exp.Table: information_schema,
    **dict.fromkeys(
        (
            exp.CurrentAccount,
            exp.CurrentDatabase,
            exp.CurrentRole,
            exp.CurrentSchema,
            exp.CurrentSession,
            exp.CurrentUser,
            exp.CurrentWarehouse,
        ),
        current,
    ),
}
