"""What a column of a query is made of, and what a query gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlglot import exp

ROWS = "*"
ONE_OF = "one_of"
VALUE, CONDITION = "value", "condition"


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
NONE: Sources = frozenset()


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
