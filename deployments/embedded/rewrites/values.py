"""Literal rows: what create_dataframe sends."""

from __future__ import annotations

from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext


def positional_columns(tree: Expr, context: StatementContext) -> Expr:
    """Name the positional columns of VALUES.

    `SELECT $1 AS "A", $2 AS "B" FROM VALUES (1 :: INT, 'x' :: STRING)`: every `create_dataframe` of Snowpark.
    """
    for parameter in list(tree.find_all(exp.Parameter)):
        select = parameter.find_ancestor(exp.Select)
        source = select and select.args.get("from_")
        if source and isinstance(source.this, exp.Values) and parameter.name.isdigit():
            parameter.replace(exp.column(exp.to_identifier(f"COLUMN{parameter.name}", quoted=True)))
    return tree
