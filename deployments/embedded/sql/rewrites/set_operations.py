"""UNION and its like of a text with another type: Snowflake converts the text, DuckDB everything else to text."""

from __future__ import annotations

import re

import duckdb
from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.sql.rewrites.trees import gives_text, is_text_literal
from deployments.embedded.sql.rewrites.types import convert, decimal_type

_NUMBERS = ("BIGINT", "INTEGER", "DECIMAL", "DOUBLE", "HUGEINT")


def convert_texts(tree: Expr, context: StatementContext) -> Expr:
    """`SELECT 1 UNION ALL SELECT '2'` gives numbers, `SELECT "AT" FROM t UNION ALL SELECT '2026-01-01'` times.

    What the other branches give is asked of DuckDB, and only where a branch is known to give a text.
    """
    for operation in tree.find_all(exp.SetOperation):
        if not isinstance(operation.parent, exp.SetOperation):
            branches = _branches(operation)
            texts = [{at for at, item in enumerate(branch.selects) if _is_text(item)} for branch in branches]
            if any(texts) and any(found != texts[0] for found in texts):
                _convert(branches, texts, operation, context)
    return tree


def _branches(node: Expr) -> list[exp.Query]:
    if isinstance(node, exp.SetOperation):
        return _branches(node.this) + _branches(node.expression)
    if isinstance(node, exp.Subquery) and not node.alias:
        return _branches(node.this)
    return [node] if isinstance(node, exp.Select) else []


def _is_text(item: Expr) -> bool:
    return gives_text(item.unalias())


def _convert(branches: list[exp.Query], texts: list[set[int]], operation: Expr, context: StatementContext) -> None:
    kinds: dict[int, str] = {}
    for branch, found in zip(branches, texts, strict=True):
        for at, kind in enumerate(_kinds(branch, operation, context)):
            if at not in found and kind not in ("VARCHAR", '"NULL"', "JSON"):
                kinds.setdefault(at, kind)
    for branch, found in zip(branches, texts, strict=True):
        for at in found & kinds.keys():
            value = branch.selects[at].unalias()
            value.replace(_converted(value.copy(), kinds[at]))


def _kinds(branch: exp.Query, operation: Expr, context: StatementContext) -> list[str]:
    """DuckDB's types of what a branch gives; none where that cannot be told of it alone."""
    query = exp.select("*").from_(exp.Subquery(this=branch.copy(), alias=exp.TableAlias(this=exp.to_identifier("b"))))
    query = query.limit(0)
    holder: Expr | None = operation
    while holder is not None:
        if ctes := holder.args.get("with_"):
            query.set("with_", ctes.copy())
        holder = holder.parent
    connection = context.duck_conn.cursor() if context.connection.transactions.open else context.duck_conn
    try:
        return [str(kind) for _, kind, *_ in connection.execute(query.sql("duckdb")).description or []]
    except duckdb.Error:
        return []


def _converted(value: Expr, kind: str) -> Expr:
    if kind.startswith(_NUMBERS) and is_text_literal(value) and re.fullmatch(r"-?\d+(\.\d+)?", value.name):
        return exp.cast(value, decimal_type(38, len(value.name.partition(".")[2])))
    return convert(value, exp.DataType.build(kind, dialect="duckdb"))
