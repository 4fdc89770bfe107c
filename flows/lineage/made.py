"""What a column of a query is made of, what a query gives, and the formula of a column as people read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlglot import exp

ROWS = "*"
ONE_OF = "one_of"
VALUE, CONDITION = "value", "condition"
NONE: Sources = frozenset()
_MOST_TEXT = 420
_DEEPEST = 12


class Source(NamedTuple):
    """A column of a table that another column is made of.

    Args:
        table: Its name, lower case.
        column: Its name, lower case; `*`: the rows are counted.
        path: Keys by which a VARIANT is read.
        role: value or condition.
    """

    table: str
    column: str
    path: tuple[str, ...] = ()
    role: str = VALUE


Sources = frozenset[Source]


class Made(NamedTuple):
    """One column of a query.

    Args:
        sources: What it is made of.
        write: Gives its formula, written out so many queries deep.
        carried: Columns whose values it carries on as they are; of a union, each from some of the rows.
    """

    sources: Sources
    write: Callable[[int], exp.Expr]
    carried: Sources = NONE


NOTHING = Made(NONE, lambda depth: exp.null())


@dataclass(frozen=True)
class Relation:
    """What a query gives.

    Args:
        columns: What each column is made of, in order; names as they are stored.
        tables: The tables that it reads.
        rows: Columns that decide which rows it gives.
    """

    columns: Mapping[str, Made]
    tables: frozenset[str]
    rows: Sources = NONE


def write_stored(table: str, column: str, depth: int) -> exp.Expr:
    """Return the name of a stored column, which is written the same however deep."""
    return exp.column(column, table=table)


def write_either(one: Made, other: Made, depth: int) -> exp.Expr:
    """Return the formulas of both sides of a union, or one where they are the same."""
    options: list[exp.Expr] = []
    for written in (one.write(depth), other.write(depth)):
        options += written.expressions if isinstance(written, exp.Anonymous) and written.name == ONE_OF else [written]
    different = list({option.sql(): option for option in options}.values())
    return different[0] if len(different) == 1 else exp.Anonymous(this=ONE_OF, expressions=different)


def write_formula(made: Made) -> str:
    """Return a column's formula over stored columns, while it stays short; names left in it are steps on the way."""
    text = _text(made.write(1))
    for depth in range(2, _DEEPEST):
        deeper = _text(made.write(depth))
        if deeper == text or len(deeper) > _MOST_TEXT:
            break
        text = deeper
    return text if len(text) <= _MOST_TEXT else text[:_MOST_TEXT].rsplit(" ", 1)[0] + " …"


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
