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
            _name_columns(source.this)
            parameter.replace(exp.column(exp.to_identifier(f"COLUMN{parameter.name}", quoted=True)))
    return tree


def _name_columns(values: exp.Values) -> None:
    """`FROM VALUES (1, 'a') AS t`: the columns of a named VALUES are COLUMN1, COLUMN2, … too."""
    alias = values.args.get("alias")
    if alias is None or alias.columns or not values.expressions:
        return
    count = len(values.expressions[0].expressions)
    alias.set("columns", [exp.to_identifier(f"COLUMN{n}", quoted=True) for n in range(1, count + 1)])
