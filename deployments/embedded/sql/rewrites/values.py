"""Literal rows: what create_dataframe sends."""

from __future__ import annotations

from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext


def name_columns(tree: Expr, context: StatementContext) -> Expr:
    """Name the columns of VALUES COLUMN1, COLUMN2, …, and those that are asked for by their position.

    `SELECT $1 AS "A", $2 AS "B" FROM VALUES (1 :: INT, 'x' :: STRING)`: every `create_dataframe` of Snowpark.
    """
    for parameter in list(tree.find_all(exp.Parameter)):
        select = parameter.find_ancestor(exp.Select)
        source = select and select.args.get("from_")
        if source and isinstance(source.this, exp.Values) and parameter.name.isdigit():
            parameter.replace(exp.column(exp.to_identifier(f"COLUMN{parameter.name}", quoted=True)))
    for values in tree.find_all(exp.Values):
        alias = values.args.get("alias") or exp.TableAlias(this=exp.to_identifier("_"))
        if values.expressions and not alias.columns and values.find_ancestor(exp.Select):
            count = len(values.expressions[0].expressions)
            alias.set("columns", [exp.to_identifier(f"COLUMN{n}", quoted=True) for n in range(1, count + 1)])
            values.set("alias", alias)
    return tree
