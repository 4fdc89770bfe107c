"""PIVOT … IN (ANY) and IN (SELECT …): the values are looked up when the statement is planned."""

from __future__ import annotations

from typing import Any

from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext


def list_values(tree: Expr, context: StatementContext) -> Expr:
    """`PIVOT (SUM(x) FOR k IN (ANY ORDER BY k))`; DuckDB takes a list of values only."""
    for pivot in list(tree.find_all(exp.Pivot)):
        for field in pivot.args.get("fields") or []:
            if isinstance(field, exp.In) and isinstance(field.expressions[0], (exp.PivotAny, exp.Select)):
                values = _values(pivot, field, context)
                field.set("expressions", [exp.convert(value) for value in values])
    return tree


def _values(pivot: exp.Pivot, field: exp.In, context: StatementContext) -> list[Any]:
    asked = field.expressions[0]
    if isinstance(asked, exp.Select):
        query = asked.copy()
    else:
        assert pivot.parent is not None
        source = pivot.parent.copy()
        for clause in ("pivots", "joins"):
            source.set(clause, None)
        query = exp.select(field.this.copy()).distinct().from_(source).where(f"{field.this.sql()} IS NOT NULL")
        query = query.order_by(*(asked.this.expressions if asked.this is not None else [field.this.copy()]))
    holder: Expr | None = pivot
    while holder is not None:
        if ctes := holder.args.get("with_"):
            query.set("with_", ctes.copy())
        holder = holder.parent
    return [row[0] for row in context.duck_conn.execute(query.sql("duckdb")).fetchall()]
