"""Paths into one VARIANT column, read together: DuckDB parses the value anew for each.

`SELECT "R":a::TEXT, "R":b::TEXT, TYPEOF("R":a) FROM T` reads `"R"` twice, once for the texts and once for the types,
however many paths there are: the calls with the same list of paths are one to DuckDB.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.sql.macros import HOME, call
from deployments.embedded.sql.rewrites.trees import func, is_text_literal

# What DuckDB may not evaluate for every row, so that it does not share what stands there
_CONDITIONAL = (exp.Case, exp.If, exp.Coalesce, exp.And, exp.Or, exp.Lambda)
_TYPEOF = f"{HOME}.sf_typeof"
READERS = frozenset({"JSON_EXTRACT_STRING", _TYPEOF.upper()})


def read_together(tree: Expr, context: StatementContext) -> Expr:
    """Give the accesses of a SELECT's columns to one VARIANT the list of all their paths."""
    del context
    for select in tree.find_all(exp.Select):
        groups: dict[tuple[str, str], list[tuple[Expr, str]]] = defaultdict(list)
        for column in select.expressions:
            for reader, value, node, path in _find_accesses(column):
                groups[reader, value.sql()].append((node, path))
        for (reader, _), accesses in groups.items():
            paths = sorted({path for _, path in accesses})
            if len(paths) > 1:
                for node, path in accesses:
                    node.replace(_read_one_of(reader, node, paths, paths.index(path) + 1))
    return tree


def _find_accesses(root: Expr) -> Iterator[tuple[str, exp.Column, Expr, str]]:
    """Yield what reads a path of a column for every row: the function, the column, the access and the path."""
    for node in root.walk(bfs=False, prune=lambda node: isinstance(node, (*_CONDITIONAL, exp.Query))):
        if not isinstance(node, exp.Anonymous):
            continue
        reader, access = "json_extract_string", node
        if node.name == _TYPEOF and isinstance(node.expressions[0], exp.Anonymous):
            reader, access = "json_type", node.expressions[0]
        if access.name != ("json_extract" if reader == "json_type" else reader):
            continue
        value, path = access.expressions
        if isinstance(value, exp.Column) and is_text_literal(path) and "*" not in path.name:
            yield reader, value, node, path.name


def _read_one_of(reader: str, node: Expr, paths: list[str], place: int) -> Expr:
    access = node.expressions[0] if reader == "json_type" else node
    every = exp.Array(expressions=[exp.Literal.string(path) for path in paths])
    one = func("list_extract", func(reader, access.expressions[0].copy(), every), place)
    return call("sf_variant_type", one) if reader == "json_type" else one
