"""A MERGE that would change a row twice is an error on Snowflake; DuckDB tells of it in some versions only (2.0.0).

What may repeat is looked for in the source alone, which is short: where the keys that ON compares are there once, no
row is matched twice. Only where one is there twice, or ON compares something else, is the target asked.

https://docs.snowflake.com/en/sql-reference/sql/merge#duplicate-join-behavior
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import Expr, exp


@dataclass(frozen=True)
class Check:
    """A query before a statement.

    Attributes:
        sql: DuckDB's SQL.
        places: Which of the statement's bound values it takes, in order.
    """

    sql: str
    places: tuple[int, ...]


def check_repeated_keys(merge: exp.Merge) -> tuple[Check, ...]:
    """The queries that find a row which a MERGE would change twice.

    Args:
        merge: In DuckDB's SQL.

    Returns:
        Each is asked only where the one before gives a row; a row of the last is a row that is changed twice.
    """
    takes = [when.args.get("condition") for when in merge.args["whens"].expressions if when.args.get("matched")]
    if not takes:
        return ()
    for place, value in enumerate(_list_placeholders(merge)):
        value.meta["place"] = place
    target, source, on = merge.this, merge.args["using"], merge.args["on"]
    joined = exp.select("1").from_(target.copy()).join(source.copy(), on=on.copy())
    if all(takes):
        joined = joined.where(exp.or_(*(taken.copy() for taken in takes)))
    row = exp.column("rowid", table=exp.to_identifier(target.alias_or_name, quoted=True))
    checks = [_find_twice(joined, [row])]
    if keys := _list_source_keys(on, target, source):
        checks.insert(0, _find_twice(exp.select("1").from_(source.copy()), [key.copy() for key in keys]))
    return tuple(checks)


def _find_twice(rows: exp.Select, keys: list[Expr]) -> Check:
    query = rows.group_by(*keys).having("count(*) > 1").limit(1)
    places = tuple(value.meta["place"] for value in _list_placeholders(query))
    return Check(query.sql("duckdb"), places)


def _list_placeholders(tree: Expr) -> list[Expr]:
    """The places of bound values, as they are written one after the other."""
    return [node for node in tree.walk(bfs=False) if isinstance(node, exp.Placeholder)]


def _list_source_keys(on: Expr, target: exp.Table, source: Expr) -> list[Expr]:
    """What ON compares of the source with the target for equality; nothing where the sides cannot be told apart."""
    given = _list_given(source)
    keys: list[Expr] = []
    for part in _list_conjuncts(on):
        if isinstance(part, (exp.EQ, exp.NullSafeEQ)):
            sides = [_find_sides(side, target, source, given) for side in (part.this, part.expression)]
            if sides == [{"target"}, {"source"}]:
                keys.append(part.expression)
            elif sides == [{"source"}, {"target"}]:
                keys.append(part.this)
    return keys


def _list_conjuncts(condition: Expr) -> Iterator[Expr]:
    if isinstance(condition, (exp.And, exp.Paren)):
        for part in condition.iter_expressions():
            yield from _list_conjuncts(part)
    else:
        yield condition


def _find_sides(value: Expr, target: exp.Table, source: Expr, given: set[str]) -> set[str]:
    """Which sides an expression reads; that of a name without a table follows from what the source gives."""
    sides = set()
    for column in value.find_all(exp.Column):
        if column.table:
            owner = column.table.upper()
            is_source = owner == source.alias_or_name.upper()
            sides.add("source" if is_source else "target" if owner == target.alias_or_name.upper() else "unknown")
        else:
            sides.add("unknown" if not given else "source" if column.name.upper() in given else "target")
    return sides if not value.find(exp.Query) else {"unknown"}


def _list_given(source: Expr) -> set[str]:
    """The names of what a source gives; nothing where they are not written in it."""
    columns = source.args.get("alias") and source.args["alias"].args.get("columns")
    if columns:
        return {column.name.upper() for column in columns}
    query = source.this if isinstance(source, exp.Subquery) else None
    while isinstance(query, exp.Select) and [type(item) for item in query.selects] == [exp.Star]:
        inner = query.args["from_"].this if query.args.get("from_") and not query.args.get("joins") else None
        query = inner.this if isinstance(inner, exp.Subquery) else None
    if not isinstance(query, exp.Select) or query.is_star:
        return set()
    return {item.alias_or_name.upper() for item in query.selects}
