"""What DuckDB does not tell of a query's columns: ARRAY or OBJECT behind JSON, lengths of text, and who cannot be NULL.

A client asks for it when it describes a query; Snowpark builds the schema of a DataFrame, and with it the columns of a
table it saves, from the answer. Columns are followed by name through subqueries to the tables they come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.sql.macros import HOME

ARRAYS = (
    exp.Array,
    exp.ArrayAgg,
    exp.ArrayAppend,
    exp.ArrayCompact,
    exp.ArrayConcat,
    exp.ArrayConstructCompact,
    exp.ArrayDistinct,
    exp.ArrayPrepend,
    exp.ArraySlice,
    exp.ArrayUniqueAgg,
    exp.Flatten,
    exp.JSONKeys,
    exp.SortArray,
    exp.Split,
    exp.ToArray,
)
OBJECTS = (exp.Struct, exp.JSONObject, exp.StarMap, exp.ObjectAgg, exp.ObjectInsert)
ZONED = "TIMESTAMP WITH TIME ZONE"
DECLARED = {exp.DataType.Type.ARRAY: "ARRAY", exp.DataType.Type.OBJECT: "OBJECT", exp.DataType.Type.MAP: "OBJECT"}
NEVER_NULL = (
    exp.Array,
    exp.ArrayAgg,
    exp.Count,
    exp.CountIf,
    exp.DenseRank,
    exp.JSONObject,
    exp.ObjectAgg,
    exp.Rank,
    exp.RowNumber,
    exp.Struct,
)
PASS_ON_NULL = (
    exp.Add,
    exp.Concat,
    exp.DPipe,
    exp.Lower,
    exp.MD5,
    exp.Mul,
    exp.SHA2,
    exp.Sub,
    exp.ToBinary,
    exp.ToDouble,
    exp.ToNumber,
    exp.TsOrDsToDate,
    exp.TsOrDsToTime,
    exp.Upper,
)
NAMED = {
    "TO_OBJECT": "OBJECT",
    "OBJECT_DELETE": "OBJECT",
    "OBJECT_PICK": "OBJECT",
    "TO_TIMESTAMP_LTZ": "TIMESTAMP_LTZ",
    "TO_TIMESTAMP_NTZ": None,
    "TO_TIMESTAMP": None,
    "TO_TIMESTAMP_TZ": None,
}
TEXT_KINDS = (exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT)


@dataclass(frozen=True)
class Origin:
    """What is known of a column.

    Attributes:
        word: ARRAY or OBJECT where the column is known to be one, TIMESTAMP_LTZ where it was declared so.
        nullable: Whether NULL can occur.
        length: Declared length of a text.
    """

    word: str | None = None
    nullable: bool = True
    length: int | None = None


UNKNOWN = Origin()
Columns = Mapping[str, Origin]


def refine(described: list[tuple[Any, ...]], known: Columns | None) -> list[tuple[Any, ...]]:
    """DuckDB's description of a query's columns, with what is known of them beyond it.

    Args:
        described: Name, type, whether NULL can occur, and more, of each column.
        known: What `origins` found.
    """
    known = known or {}
    refined = []
    for name, kind, _, *rest in described:
        origin = known.get(name, UNKNOWN)
        if origin.word == "TIMESTAMP_LTZ" and kind == ZONED or origin.word and kind == "JSON":
            kind = origin.word
        elif origin.length and kind == "VARCHAR":
            kind = f"VARCHAR({origin.length})"
        refined.append((name, kind, "YES" if origin.nullable else "NO", *rest))
    return refined


def origins(query: Expr, context: StatementContext) -> Columns | None:
    """What is known of each column that a query gives, by name, or None where it cannot be followed.

    Args:
        query: The parsed query, as the client wrote it.
        context: Of the statement that describes it.
    """
    return _query(query, context, {})


def _query(query: Expr | None, context: StatementContext, known: Mapping[str, Columns]) -> Columns | None:
    if isinstance(query, exp.Subquery):
        return _query(query.this, context, known)
    if not isinstance(query, exp.Query):
        return None
    common = dict(known)
    for cte in query.ctes:
        if columns := _query(cte.this, context, common):
            common[cte.alias.upper()] = columns
    if isinstance(query, exp.SetOperation):
        return _both(_query(query.this, context, common), _query(query.expression, context, common))
    return _select(query, context, common) if isinstance(query, exp.Select) else None


def _both(left: Columns | None, right: Columns | None) -> Columns | None:
    """Columns of a UNION: NULL can come from either side."""
    if left is None or right is None or len(left) != len(right):
        return None
    pairs = zip(left.items(), right.values(), strict=True)
    return {
        name: Origin(
            mine.word if mine.word == other.word else None,
            mine.nullable or other.nullable,
            mine.length if mine.length == other.length else None,
        )
        for (name, mine), other in pairs
    }


def _select(query: exp.Select, context: StatementContext, known: Mapping[str, Columns]) -> Columns | None:
    sources: dict[str, Columns] = {}
    outer = any(join.side for join in query.args.get("joins") or [])
    for clause in (query.args.get("from_"), *(query.args.get("joins") or [])):
        if clause is not None:
            columns = _source(clause.this, context, known) or {}
            if outer:
                columns = _nullable(columns)
            sources[(clause.this.alias or clause.this.name or "").upper()] = columns
    group = query.args.get("group")
    if group is not None and any(group.args.get(name) for name in ("rollup", "cube", "grouping_sets")):
        sources = {name: _nullable(columns) for name, columns in sources.items()}
    found: dict[str, Origin] = {}
    for item in query.expressions:
        if item.is_star:
            qualifier = item.table if isinstance(item, exp.Column) else ""
            for name, columns in sources.items():
                if not qualifier or name == qualifier.upper():
                    found |= columns
        else:
            found[_name(item)] = _expression(item.unalias(), sources)
    return found


def _nullable(columns: Columns) -> Columns:
    return {name: replace(origin, nullable=True) for name, origin in columns.items()}


def _name(item: Expr) -> str:
    return _identifier(item.args.get("alias") or getattr(item, "this", None)) or item.sql("snowflake")


def _identifier(node: object) -> str | None:
    if isinstance(node, exp.Identifier):
        return str(node.this) if node.quoted else str(node.this).upper()
    return None


def _source(source: Expr, context: StatementContext, known: Mapping[str, Columns]) -> Columns | None:
    if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
        name = _identifier(source.this) or ""
        if not source.db and name in known:
            return known[name]
        return _trace_declared(source, name, context)
    if isinstance(source, exp.Subquery) and isinstance(source.this, exp.Subquery) and source.this.args.get("joins"):
        return _trace_join(source.this, context, known)
    if isinstance(source, exp.Subquery):
        return _query(source.this, context, known)
    return _values(source) if isinstance(source, exp.Values) else None


def _trace_join(first: exp.Subquery, context: StatementContext, known: Mapping[str, Columns]) -> Columns:
    """Columns of `(("SUBQUERY") AS L FULL OUTER JOIN ("SUBQUERY") AS R ON …)`, as Snowpark writes a join."""
    joins = first.args["joins"]
    found: dict[str, Origin] = {}
    for source in (first.this, *(join.this for join in joins)):
        found |= _query(source, context, known) or _source(source, context, known) or {}
    return _nullable(found) if any(join.side for join in joins) else found


def _values(source: exp.Values) -> Columns:
    """Columns of literal rows: the first row's types, NULL where a row has one."""
    cells = zip(*(row.expressions for row in source.expressions if isinstance(row, exp.Tuple)), strict=False)
    found: dict[str, Origin] = {}
    for position, column in enumerate(cells, start=1):
        kinds = [_expression(cell, {}) for cell in column]
        found[f"COLUMN{position}"] = replace(kinds[0], nullable=any(kind.nullable for kind in kinds))
    return found


def _trace_declared(table: exp.Table, name: str, context: StatementContext) -> Columns:
    database = _identifier(table.args.get("catalog")) or context.database
    schema = _identifier(table.args.get("db")) or context.schema
    described = context.duck_conn.execute(
        f"SELECT column_name, word, is_nullable, length FROM {HOME}.sf_columns(?) WHERE schema = ? AND table_name = ? "
        "ORDER BY position",
        [database, schema, name],
    ).fetchall()
    return {column: Origin(word, nullable, length) for column, word, nullable, length in described}


def _expression(item: Expr, sources: Mapping[str, Columns]) -> Origin:
    if isinstance(item, (exp.Paren, exp.WithinGroup, exp.Window)):
        return _expression(item.this, sources)
    if isinstance(item, exp.Column):
        return _column(item, sources)
    if isinstance(item, exp.Parameter):
        return next((c[f"COLUMN{item.name}"] for c in sources.values() if f"COLUMN{item.name}" in c), UNKNOWN)
    if isinstance(item, exp.Cast) and type(item) is exp.Cast:
        return _cast(item, sources)
    if isinstance(item, (exp.Literal, exp.Boolean)):
        return Origin(nullable=False)
    return Origin(_word(item), nullable=_may_be_null(item, sources))


def _word(item: Expr) -> str | None:
    if isinstance(item, exp.Anonymous):
        return NAMED.get(item.name.upper())
    if isinstance(item, exp.CurrentTimestamp):
        return "TIMESTAMP_LTZ"
    return "ARRAY" if isinstance(item, ARRAYS) else "OBJECT" if isinstance(item, OBJECTS) else None


def _may_be_null(item: Expr, sources: Mapping[str, Columns]) -> bool:
    if isinstance(item, NEVER_NULL):
        return False
    passes_on = isinstance(item, PASS_ON_NULL) and not item.args.get("safe")
    if passes_on or (isinstance(item, exp.Anonymous) and item.name.upper() in NAMED):
        arguments = [item.this if isinstance(item.this, Expr) else None, item.args.get("expression")]
        arguments += item.expressions[:1] if isinstance(item, exp.Anonymous) else item.expressions
        return any(_expression(argument, sources).nullable for argument in arguments if argument is not None)
    return True


def _column(item: exp.Column, sources: Mapping[str, Columns]) -> Origin:
    name = _identifier(item.this) or ""
    for source, columns in sources.items():
        if (not item.table or item.table.upper() == source) and name in columns:
            return columns[name]
    return UNKNOWN


def _cast(item: exp.Cast, sources: Mapping[str, Columns]) -> Origin:
    to = item.to
    word = DECLARED.get(to.this)
    if to.this == exp.DataType.Type.TIMESTAMPLTZ:
        word = "TIMESTAMP_LTZ"
    length = int(to.expressions[0].name) if to.this in TEXT_KINDS and to.expressions else None
    return Origin(word, _expression(item.this, sources).nullable, length)
