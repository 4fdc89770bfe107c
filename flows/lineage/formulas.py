"""Formulas of columns as people read them: the expressions of nested queries put into each other."""

from __future__ import annotations

from sqlglot import exp

from flows.lineage.made import Made

MOST_TEXT = 420
_DEEPEST = 12


def write_formula(made: Made, most: int = MOST_TEXT) -> str:
    """Return a column's formula over stored columns, as far as it stays short; names left in it are steps on the way.

    Args:
        made: The column.
        most: Characters that are still short.
    """
    text = _text(made.write(1))
    for depth in range(2, _DEEPEST):
        deeper = _text(made.write(depth))
        if deeper == text or len(deeper) > most:
            break
        text = deeper
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " …"


def _text(formula: exp.Expr) -> str:
    plain = formula.copy()
    while (simpler := plain.transform(_plain)) != plain:  # a part that was taken out of another is looked at next
        plain = simpler
    while isinstance(plain, exp.Paren):
        plain = plain.this
    return plain.sql(dialect="snowflake", normalize_functions="lower")


def _plain(node: exp.Expr) -> exp.Expr:
    """Return a part without what only machines need: casts between numbers, quotes, brackets within brackets."""
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal | exp.Null):
        literal = node.this
        is_number = isinstance(literal, exp.Literal) and node.is_type(*exp.DataType.NUMERIC_TYPES)
        return exp.Literal.number(literal.name) if is_number else literal
    if isinstance(node, exp.Cast) and node.is_type("double", "bigint"):
        return _plain(node.this)
    if isinstance(node, exp.Identifier):
        return exp.to_identifier(node.name.lower(), quoted=False)
    if isinstance(node, exp.Paren) and isinstance(node.this, exp.Paren | exp.Column | exp.Literal):
        return node.this
    return node
