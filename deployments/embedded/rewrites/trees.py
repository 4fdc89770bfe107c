"""Small things every rewrite needs: one walk over the tree, and what an expression is known to give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext

Rule = Callable[[Any, StatementContext], Expr]

JSON = exp.DataType.Type.JSON
TEXT_TYPES = {
    exp.DataType.Type.VARCHAR,
    exp.DataType.Type.TEXT,
    exp.DataType.Type.NVARCHAR,
    exp.DataType.Type.CHAR,
    exp.DataType.Type.NCHAR,
}


def apply_rules(tree: Expr, rules: Mapping[type[Expr], Rule], context: StatementContext) -> Expr:
    """Apply each node's rule once, children before their parents.

    Args:
        tree: The statement; changed in place.
        rules: The rule of each kind of node.
        context: Handed to the rules.
    """
    nodes = [node for node in tree.walk(bfs=False) if type(node) in rules]
    for node in reversed(nodes):
        new = rules[type(node)](node, context)
        if new is node:
            continue
        if node is tree:
            tree = new
        else:
            node.replace(new)
    return tree


def as_variant(node: Expr) -> Expr:
    """Mark an expression as giving a VARIANT."""
    node.meta["variant"] = True
    return node


def is_variant(node: Expr | None) -> bool:
    """Whether the expression is known to give a VARIANT (a column may give one without being known to)."""
    if node is None:
        return False
    if isinstance(node, (exp.Paren, exp.Alias)):
        return is_variant(node.this)
    return bool(node.meta.get("variant")) or (isinstance(node, exp.Cast) and node.to.this == JSON)


def may_be_variant(node: Expr) -> bool:
    """Whether only the table's definition tells if this is a VARIANT."""
    if isinstance(node, exp.Paren):
        return may_be_variant(node.this)
    if isinstance(node, (exp.Coalesce, exp.If, exp.Case, exp.Max, exp.Min, exp.AnyValue, exp.Window, exp.Subquery)):
        return True
    return isinstance(node, exp.Column) and not isinstance(node.this, exp.Star)


def func(name: str, *arguments: Expr | str | int) -> exp.Anonymous:
    """A call of a DuckDB function; plain strings and numbers become literals."""
    return exp.Anonymous(this=name, expressions=[literal(a) if isinstance(a, (str, int)) else a for a in arguments])


def literal(value: str | int) -> exp.Literal:
    """A literal."""
    return exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value)


def is_text_literal(node: Expr | None) -> bool:
    """Whether the expression is a quoted string."""
    return isinstance(node, exp.Literal) and node.is_string
