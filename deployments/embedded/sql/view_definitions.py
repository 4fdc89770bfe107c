"""What a stored view keeps beside its query: the statement as the client sent it, and how many columns it declared."""

from __future__ import annotations

import duckdb
from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error

TEXT = "_SNOWCAST_TEXT"
_COLUMNS = "_SNOWCAST_COLUMNS"
# How the text is found again in the statement that DuckDB keeps of a view.
FIND_TEXT = TEXT + r"\"? AS \(SELECT ''((?:[^'']|'''')*)''"


def keep_definition(tree: exp.Create, context: StatementContext) -> None:
    """Put the client's text into the view's query, which DuckDB keeps with the view; nothing reads it there.

    A view of `SELECT *` gets the columns that it has now. On Snowflake it cannot be read any more once its query gives
    more or fewer; DuckDB would give the new ones.
    """
    query = tree.expression
    if any(item.is_star for item in query.selects):
        query = _pin(tree, query, context)
    elif isinstance(query, exp.Subquery):
        query = exp.select("*").from_(exp.Subquery(this=query.this, alias=exp.TableAlias(this=_name("_"))))
    text = exp.select(exp.Literal.string(context.command.strip().rstrip(";")))
    common = exp.CTE(this=text, alias=exp.TableAlias(this=_name(TEXT)))
    others = query.args.get("with_")
    recursive = bool(others and others.args.get("recursive"))
    query.set("with_", exp.With(expressions=[common, *(others.expressions if others else [])], recursive=recursive))
    tree.set("expression", query)


def _pin(tree: exp.Create, query: Expr, context: StatementContext) -> exp.Select:
    """The query with its columns by name, and a condition that DuckDB binds, and drops, if there are as many of them.

    Rows of different lengths cannot be compared, which is an error when it binds.
    """
    names = _columns(query, context)
    declared = tree.this.expressions if isinstance(tree.this, exp.Schema) else names
    if len(declared) != len(names):
        raise snowflake_error("SQL compilation error:\nInvalid column definition list", 2026, "42601")
    query = query.this if isinstance(query, exp.Subquery) and not query.alias else query
    alias = exp.TableAlias(this=_name(_COLUMNS), columns=[_name(name) for name in names])
    given = exp.Anonymous(this="row", expressions=[exp.var(f'*COLUMNS("{_COLUMNS}".*)')])
    expected = exp.Anonymous(this="row", expressions=[exp.null() for _ in names])
    as_many = exp.Case(ifs=[exp.If(this=exp.true(), true=exp.true())], default=exp.EQ(this=given, expression=expected))
    return exp.select("*").from_(exp.Subquery(this=query, alias=alias)).where(as_many)


def _columns(query: Expr, context: StatementContext) -> list[str]:
    statement = f"SELECT * FROM ({query.sql('duckdb')}) LIMIT 0"
    with context.duck_conn.cursor() as apart:  # what is not found would end the session's transaction
        try:
            described = apart.execute(statement).description
        except duckdb.Error:
            described = context.duck_conn.execute(statement).description
    return [str(name) for name, *_ in described or []]


def _name(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)
