"""What a tree holds, listed in one walk: a rewrite is made only where that which it is about is there.

Most statements have no PIVOT, no lambda and no call of GET_DDL, and to look through a tree for each of them in turn
costs more than to parse it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext


@dataclass(frozen=True)
class Contents:
    """What a tree holds.

    Attributes:
        kinds: The kinds of its nodes.
        functions: Names of the functions that it calls and the parser does not know, in upper case.
        tables: Names of its tables, in upper case; a stage is a table whose name begins with `@`.
    """

    kinds: frozenset[type[Expr]]
    functions: frozenset[str]
    tables: frozenset[str]


@dataclass(frozen=True)
class Rewrite:
    """A change of a tree, and what it is about: without all of that it is not made; without any it is always made.

    Args:
        change: Makes it.
        kinds: Kinds of nodes.
        functions: Names of functions that the parser does not know, in upper case.
        tables: What names of tables begin with, in upper case.
        brings: It may bring what a later change is about.
    """

    change: Callable[[Expr, StatementContext], Expr]
    kinds: tuple[type[Expr], ...] = ()
    functions: frozenset[str] = frozenset()
    tables: tuple[str, ...] = ()
    brings: bool = False

    def concerns(self, contents: Contents) -> bool:
        """Whether there may be something to change."""
        return (
            not (self.kinds or self.functions or self.tables)
            or any(issubclass(kind, self.kinds) for kind in contents.kinds)
            or not self.functions.isdisjoint(contents.functions)
            or any(name.startswith(self.tables) for name in contents.tables)
        )


def list_contents(tree: Expr) -> Contents:
    """List what a tree holds."""
    kinds: set[type[Expr]] = set()
    functions, tables = set(), set()
    for node in tree.walk(bfs=False):
        kind = type(node)
        kinds.add(kind)
        if kind is exp.Anonymous:
            functions.add(node.name.upper())
        elif kind is exp.Table:
            tables.add(node.name.upper())
    return Contents(frozenset(kinds), frozenset(functions), frozenset(tables))


def apply_rewrites(rewrites: Iterable[Rewrite], tree: Expr, context: StatementContext) -> Expr:
    """Make the changes in their order, each where it concerns the tree."""
    contents = list_contents(tree)
    for rewrite in rewrites:
        if rewrite.concerns(contents):
            tree = rewrite.change(tree, context)
            if rewrite.brings:
                contents = list_contents(tree)
    return tree
