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
            if any(_is_text(item) for branch in branches for item in branch.selects):
                _convert(branches, operation, context)
    return tree


def _branches(node: Expr) -> list[exp.Query]:
    if isinstance(node, exp.SetOperation):
        return _branches(node.this) + _branches(node.expression)
    if isinstance(node, exp.Subquery) and not node.alias:
        return _branches(node.this)
    return [node] if isinstance(node, exp.Select) else []


def _is_text(item: Expr) -> bool:
    return gives_text(item.unalias())


def _convert(branches: list[exp.Query], operation: Expr, context: StatementContext) -> None:
    """Give each text the type that another branch has in its place; a `*` before it stands for many places."""
    if _agree(branches):
        return
    kinds: dict[int, str] = {}
    texts: list[tuple[int, Expr]] = []
    for branch in branches:
        of_branch = _kinds(branch, operation, context)
        places = _places(branch, len(of_branch))
        found = {places[at] for at, item in enumerate(branch.selects) if at in places and _is_text(item)}
        texts += [(places[at], item) for at, item in enumerate(branch.selects) if places.get(at) in found]
        for place, kind in enumerate(of_branch):
            if place not in found and kind not in ("VARCHAR", '"NULL"', "JSON"):
                kinds.setdefault(place, kind)
    for place, item in texts:
        if place in kinds:
            value = item.unalias()
            value.replace(_converted(value.copy(), kinds[place]))


def _agree(branches: list[exp.Query]) -> bool:
    """Whether texts stand in the same places of all branches, as far as these can be told without DuckDB.

    One `*` in the same place of equally many items stands for equally many columns in every branch, or DuckDB refuses.
    """
    layouts = {(len(branch.selects), tuple(_stars(branch))) for branch in branches}
    if any(len(stars) > 1 or (stars and len(layouts) > 1) for _, stars in layouts):
        return False
    texts = [{at for at, item in enumerate(branch.selects) if _is_text(item)} for branch in branches]
    return all(found == texts[0] for found in texts)


def _places(branch: exp.Query, columns: int) -> dict[int, int]:
    """Which column of the result each item of a SELECT is; nothing where that cannot be told."""
    stars = _stars(branch)
    if len(stars) > 1 or (not stars and columns not in (0, len(branch.selects))):
        return {}
    if not stars:
        return {at: at for at in range(len(branch.selects))}
    (star,) = stars
    if columns < len(branch.selects) - 1:
        return {}
    more = columns - len(branch.selects)
    return {at: at if at < star else at + more for at in range(len(branch.selects)) if at != star}


def _stars(branch: exp.Query) -> list[int]:
    return [at for at, item in enumerate(branch.selects) if item.is_star]


def _kinds(branch: exp.Query, operation: Expr, context: StatementContext) -> list[str]:
    """DuckDB's types of what a branch gives; none where that cannot be told of it alone."""
    query = f"SELECT * FROM ({branch.sql('duckdb')}) AS b LIMIT 0"
    holder: Expr | None = operation
    while holder is not None:
        if ctes := holder.args.get("with_"):
            query = f"{ctes.sql('duckdb')} SELECT * FROM ({query}) AS b"
        holder = holder.parent
    connection = context.duck_conn.cursor() if context.connection.transactions.open else context.duck_conn
    try:
        return [str(kind) for _, kind, *_ in connection.execute(query).description or []]
    except duckdb.Error:
        return []


def _converted(value: Expr, kind: str) -> Expr:
    if kind.startswith(_NUMBERS) and is_text_literal(value) and re.fullmatch(r"-?\d+(\.\d+)?", value.name):
        return exp.cast(value, decimal_type(38, len(value.name.partition(".")[2])))
    return convert(value, exp.DataType.build(kind, dialect="duckdb"))
