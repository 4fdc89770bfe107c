"""A MERGE that would change a row twice is an error on Snowflake; DuckDB tells of it in some versions only (2.0.0).

What may repeat is looked for in the source alone, which is short: where the keys that ON compares are there once, no
row is matched twice. Only where one is there twice, or ON compares something else, is the target asked.
Keys are held against each other as the target's type, as ON does with a text: '1' and '01' match the same number.

https://docs.snowflake.com/en/sql-reference/sql/merge#duplicate-join-behavior
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import Expr, exp

from deployments.embedded.sql.rewrites.trees import func

_OWN_NUMBER = "_number_of_row"


@dataclass(frozen=True)
class Check:
    """A query before a statement.

    Attributes:
        sql: DuckDB's SQL.
        places: Which of the statement's bound values it takes, in order.
    """

    sql: str
    places: tuple[int, ...]


@dataclass(frozen=True)
class Key:
    """What ON compares for equality.

    Attributes:
        of_source: Of the source.
        of_target: Of the target.
    """

    of_source: Expr
    of_target: Expr


def check_repeated_keys(merge: exp.Merge, *, rows_have_numbers: bool) -> tuple[Check, ...]:
    """The queries that find a row which a MERGE would change twice.

    Args:
        merge: In DuckDB's SQL.
        rows_have_numbers: DuckDB's own number of a row can be asked for: no column has its name, ROWID.

    Returns:
        Each is asked only where the one before gives a row; a row of the last is a row that is changed twice.
    """
    takes = [when.args.get("condition") for when in merge.args["whens"].expressions if when.args.get("matched")]
    if not takes:
        return ()
    for place, value in enumerate(_list_placeholders(merge)):
        value.meta["place"] = place
    target, source, on = merge.this, merge.args["using"], merge.args["on"]
    numbered = target.copy() if rows_have_numbers else _number_rows(target)
    joined = exp.select("1").from_(numbered).join(source.copy(), on=on.copy())
    if all(takes):
        joined = joined.where(exp.or_(*(taken.copy() for taken in takes)))
    number = "rowid" if rows_have_numbers else _OWN_NUMBER
    row = exp.column(number, table=exp.to_identifier(target.alias_or_name, quoted=True))
    checks = [_find_twice(joined, [row])]
    if keys := _list_keys(on, target, source):
        checks.insert(0, _find_twice(exp.select("1").from_(_convert(keys, target, source)), _name(len(keys))))
    return tuple(checks)


def _number_rows(target: exp.Table) -> exp.Subquery:
    """The target under its own name, its rows counted."""
    bare = target.copy()
    bare.set("alias", None)
    number = exp.Window(this=exp.RowNumber()).as_(_OWN_NUMBER, quoted=True)
    return exp.select("*", number).from_(bare).subquery(exp.to_identifier(target.alias_or_name, quoted=True))


def _convert(keys: Sequence[Key], target: exp.Table, source: Expr) -> exp.Subquery:
    """The keys of the source as the types that they are compared with; NULL is what cannot be one of the target's."""
    names, types = _name(len(keys)), _name(len(keys), "_target")
    none = exp.select(*(key.of_target.copy().as_(name.this) for key, name in zip(keys, names, strict=True)))
    none = none.from_(target.copy()).limit(0)
    converted = [
        func("try", func("cast_to_type", key.of_source.copy(), kind)).as_(name.this)
        for key, kind, name in zip(keys, types, names, strict=True)
    ]
    rows = exp.select(*converted).from_(source.copy()).join(none.subquery("_target"), join_type="left", on=exp.true())
    return rows.subquery("_keys")


def _name(count: int, table: str = "") -> list[exp.Column]:
    return [exp.column(f"_{number}", table=table or None, quoted=True) for number in range(count)]


def _find_twice(rows: exp.Select, keys: Sequence[Expr]) -> Check:
    query = rows.group_by(*keys).having("count(*) > 1").limit(1)
    places = tuple(value.meta["place"] for value in _list_placeholders(query))
    return Check(query.sql("duckdb"), places)


def _list_placeholders(tree: Expr) -> list[Expr]:
    """The places of bound values, as they are written one after the other."""
    return [node for node in tree.walk(bfs=False) if isinstance(node, exp.Placeholder)]


def _list_keys(on: Expr, target: exp.Table, source: Expr) -> list[Key]:
    """What ON compares for equality; nothing where the sides cannot be told apart."""
    given = _list_given(source)
    keys: list[Key] = []
    for part in _list_conjuncts(on):
        if isinstance(part, (exp.EQ, exp.NullSafeEQ)):
            sides = [_find_sides(side, target, source, given) for side in (part.this, part.expression)]
            if sides == [{"target"}, {"source"}]:
                keys.append(Key(part.expression, part.this))
            elif sides == [{"source"}, {"target"}]:
                keys.append(Key(part.this, part.expression))
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
