"""UNION and its like of columns of different types: Snowflake converts a text, DuckDB everything else to text."""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb
from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import unsupported
from deployments.embedded.sql.rewrites.column_families import agree
from deployments.embedded.sql.rewrites.trees import is_text_literal
from deployments.embedded.sql.rewrites.types import convert, decimal_type, variant

_NUMBERS = ("BIGINT", "INTEGER", "DECIMAL", "DOUBLE", "HUGEINT")
_TEXT, _NULL, _VARIANT = "VARCHAR", '"NULL"', "JSON"
_NAME = "_of_branch"


def convert_types(tree: Expr, context: StatementContext) -> Expr:
    """`SELECT n FROM t UNION ALL SELECT s FROM t` gives numbers, `SELECT "AT" … UNION ALL SELECT '2026-01-01'` times.

    What the branches give is asked of DuckDB where it cannot be told from the names of their columns.
    """
    families = context.connection.engine.column_families
    for operation in list(tree.find_all(exp.SetOperation)):
        if not _is_branch(operation):
            branches = _branches(operation)
            if not agree(branches, families):
                _convert(branches, [_kinds(branch, operation, context) for branch in branches])
    return tree


def _is_branch(operation: Expr) -> bool:
    """Whether a set operation is a branch of another one, whose branches its own are."""
    parent = operation.parent
    while isinstance(parent, exp.Subquery) and not parent.alias:
        parent = parent.parent
    return isinstance(parent, exp.SetOperation)


def _branches(node: Expr) -> list[exp.Query]:
    if isinstance(node, exp.SetOperation):
        return _branches(node.this) + _branches(node.expression)
    if isinstance(node, exp.Subquery) and not node.alias:
        return _branches(node.this)
    return [node] if isinstance(node, exp.Select) else []


def _convert(branches: list[exp.Query], given: list[list[tuple[str, str]]]) -> None:
    """Give each place of the branches one type.

    Args:
        branches: The SELECTs.
        given: Names and DuckDB's types of what each of them gives; nothing where that cannot be told of it alone.
    """
    if len({len(columns) for columns in given}) != 1:
        return
    for branch, columns in zip(branches, given, strict=True):
        meant = {}
        for place, (_, kind) in enumerate(columns):
            common = _common([of_branch[place][1] for of_branch in given])
            if common is not None and kind not in (common, _NULL):
                meant[place] = common
        if meant:
            _convert_branch(branch, [name for name, _ in columns], meant)


def _common(kinds: Sequence[str]) -> str | None:
    """The type that the others become, None where DuckDB does as Snowflake.

    Raises:
        ProgrammingError: a BOOLEAN beside a number, which Snowflake refuses and DuckDB makes a number.
    """
    there = dict.fromkeys(kind for kind in kinds if kind != _NULL)
    if len(there) < 2:
        return None
    if _VARIANT in there:
        return _VARIANT
    if "BOOLEAN" in there and any(kind.startswith(_NUMBERS) for kind in there):
        raise unsupported("UNION of a BOOLEAN with a number", "Cast one of them.")
    return next(kind for kind in there if kind != _TEXT) if _TEXT in there else None


def _convert_branch(branch: exp.Query, names: list[str], meant: dict[int, str]) -> None:
    """Convert some columns of a branch: in place, or around it where a `*` stands for several of them."""
    if not any(item.is_star for item in branch.selects) and len(branch.selects) == len(names):
        for place, kind in meant.items():
            item = branch.selects[place]
            value = item.unalias()
            converted = _convert_to(value.copy(), kind)
            named = item.args["alias"].copy() if isinstance(item, exp.Alias) else exp.to_identifier(names[place], True)
            item.replace(exp.Alias(this=converted, alias=named))
        return
    aliases = [exp.to_identifier(f"_{place}", quoted=True) for place in range(len(names))]
    chosen = [
        exp.Alias(
            this=_convert_to(exp.column(alias.copy()), meant[place]) if place in meant else exp.column(alias.copy()),
            alias=exp.to_identifier(name, quoted=True),
        )
        for place, (name, alias) in enumerate(zip(names, aliases, strict=True))
    ]
    source = exp.Subquery(this=branch.copy(), alias=exp.TableAlias(this=exp.to_identifier(_NAME), columns=aliases))
    branch.replace(exp.Select(expressions=chosen).from_(source, copy=False))


def _kinds(branch: exp.Query, operation: Expr, context: StatementContext) -> list[tuple[str, str]]:
    """Names and DuckDB's types of what a branch gives; none where that cannot be told of it alone."""
    query = f"SELECT * FROM ({branch.sql('duckdb')}) AS b LIMIT 0"
    holder: Expr | None = operation
    while holder is not None:
        if ctes := holder.args.get("with_"):
            query = f"{ctes.sql('duckdb')} SELECT * FROM ({query}) AS b"
        holder = holder.parent
    connection = context.duck_conn.cursor() if context.connection.transactions.open else context.duck_conn
    try:
        return [(str(name), str(kind)) for name, kind, *_ in connection.execute(query).description or []]
    except duckdb.Error:
        return []


def _convert_to(value: Expr, kind: str) -> Expr:
    if kind == _VARIANT:
        return variant(value)
    if kind.startswith(_NUMBERS) and is_text_literal(value) and re.fullmatch(r"-?\d+(\.\d+)?", value.name):
        return exp.cast(value, decimal_type(38, len(value.name.partition(".")[2])))
    return convert(value, exp.DataType.build(kind, dialect="duckdb"))
