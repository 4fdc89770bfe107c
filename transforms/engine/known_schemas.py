"""Columns of a frame told from the contracts, so that Snowpark need not ask the warehouse.

Snowpark asks for the columns of each side of a join, a union, an IN and a MERGE, and of what it stores: a third of all
statements of a build. They stand in the statement itself: its outermost SELECT names them, and what it selects from is
in the end a table, whose contract names them. What cannot be told that way is asked, as Snowpark would.

Types are told where a column is carried on or cast, which is where they matter: a table that is created from a frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlglot
from snowflake.snowpark import types as snowpark
from snowflake.snowpark._internal.analyzer.expression import Attribute
from sqlglot import exp

from transforms.contract import BOOLEAN, DATE, FLOAT, INTEGER, TEXT, TIMESTAMP, VARIANT
from transforms.engine.stored import list_tables
from transforms.functions import Session
from transforms.types import DataType, DecimalType

Columns = dict[str, DataType | snowpark.DataType]
Scope = list[tuple[str, Columns]]

_TYPES = {
    exp.DataType.Type.BIGINT: INTEGER,
    exp.DataType.Type.DOUBLE: FLOAT,
    exp.DataType.Type.BOOLEAN: BOOLEAN,
    exp.DataType.Type.DATE: DATE,
    exp.DataType.Type.TIMESTAMPNTZ: TIMESTAMP,
    exp.DataType.Type.VARIANT: VARIANT,
    exp.DataType.Type.VARCHAR: TEXT,
    exp.DataType.Type.TEXT: TEXT,
}
_KEPT_ANSWERS = 512
_FLATTENED = ("SEQ", "KEY", "PATH", "INDEX", "VALUE", "THIS")


_UNTOLD_LENGTH = 16_777_213


class Untold(DataType):
    """Type of a column of which only the name is told.

    Snowpark writes the columns that it knows into the next question as NULLs cast to their types: a length that no
    contract has marks there that the type was not told.
    """

    spelled = f"string({_UNTOLD_LENGTH})"

    def as_snowpark(self) -> snowpark.DataType:
        """Return text of that length."""
        return snowpark.StringType(_UNTOLD_LENGTH)


def is_untold(kind: snowpark.DataType) -> bool:
    """Return whether that is the type of a column of which only the name is told."""
    return isinstance(kind, snowpark.StringType) and kind.length == _UNTOLD_LENGTH


class _NotToldError(Exception):
    """The statement does not say which columns it gives."""


class _Noted(dict[str, Columns]):
    """Columns of tables, and which of them were looked for."""

    def __init__(self, known: Mapping[str, Columns]) -> None:
        super().__init__(known)
        self.asked: dict[str, Columns | None] = {}

    def __contains__(self, name: object) -> bool:
        self.asked[str(name)] = self.get(str(name))
        return super().__contains__(name)


# Columns by query, with those of the tables that it reads: the next build of a table in the process asks again.
_answers: dict[str, tuple[dict[str, Columns | None], Columns]] = {}


@contextmanager
def use_known_schemas(session: Session) -> Iterator[None]:
    """Use what the contracts say to answer Snowpark's questions about columns while the block lasts.

    Args:
        session: Its database holds the tables. `_get_result_attributes` is where Snowpark asks; a version of it that
            asks elsewhere costs statements and changes nothing else (tests count them).
    """
    if "_get_result_attributes" in vars(session):
        yield
        return
    ask = session._get_result_attributes
    kept = _tables()

    def answer(query: str, params: Sequence[Any] | None = None) -> list[Attribute]:
        try:
            columns = _find_columns(query, kept)
        except _NotToldError:
            return ask(query, params)
        return [Attribute(f'"{name}"', _as_snowpark(kind), True) for name, kind in columns.items()]

    session._get_result_attributes = answer  # type: ignore[assignment]
    session._snowcast_tables = kept  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del session._get_result_attributes
        del session._snowcast_tables  # type: ignore[attr-defined]


def remember_columns(session: Session, name: str, columns: Mapping[str, snowpark.DataType]) -> None:
    """Keep the columns of a table that no contract has, such as a temporary one, while its session knows schemas."""
    kept: dict[str, Columns] | None = vars(session).get("_snowcast_tables")
    if kept is not None:
        kept[".".join(name.upper().split(".")[-2:])] = dict(columns)


def _tables() -> dict[str, Columns]:
    return {
        f"{table.layer}.{table.name}".upper(): {column.name.upper(): column.type for column in table.stored_columns}
        for table in list_tables()
    }


def _find_columns(query: str, tables: Mapping[str, Columns]) -> Columns:
    known = _answers.get(query)
    if known is not None and all(tables.get(name) == columns for name, columns in known[0].items()):
        return known[1]
    noted = _Noted(tables)
    columns = _columns_of(_parse(query), noted)
    if len(_answers) >= _KEPT_ANSWERS:
        _answers.clear()
    _answers[query] = noted.asked, columns
    return columns


def _parse(query: str) -> exp.Expr:
    try:
        return sqlglot.parse_one(query, read="snowflake")
    except sqlglot.errors.SqlglotError as error:
        raise _NotToldError from error


def _columns_of(node: exp.Expr, tables: Mapping[str, Columns]) -> Columns:
    """Return the columns that a query or a table gives, in order."""
    if isinstance(node, exp.SetOperation):
        return _columns_of(node.left, tables)
    if isinstance(node, exp.Select):
        return _select(node, tables)
    if isinstance(node, exp.Subquery | exp.Paren):
        return _every_column(_sources(node.this, tables))
    raise _NotToldError


def _select(select: exp.Select, tables: Mapping[str, Columns]) -> Columns:
    source = select.args.get("from_") or select.args.get("from")
    scope = [] if source is None else _sources(source.this, tables, select.args.get("joins"))
    columns: Columns = {}
    for projection in select.expressions:
        found = _project(projection, scope)
        _refuse_repeated(found, columns)
        columns |= found
    return columns


def _sources(node: exp.Expr, tables: Mapping[str, Columns], joins: list[exp.Join] | None = None) -> Scope:
    """Return what is read there: the alias and the columns of each table or query, joined ones behind the first."""
    scope = _source(node, tables)
    own = [] if isinstance(node, exp.Query) and not isinstance(node, exp.Subquery) else node.args.get("joins")
    for join in [*(own or []), *(joins or [])]:
        if _adds_columns(join):
            scope = scope + _sources(join.this, tables)
    return scope


def _source(node: exp.Expr, tables: Mapping[str, Columns]) -> Scope:
    """Return one table or query, without what is joined to it."""
    inner, alias = node.this, node.alias_or_name.upper()
    if isinstance(node, exp.Values):
        return []
    if isinstance(inner, exp.Explode):
        return [(alias, dict.fromkeys(_FLATTENED, VARIANT))]
    if isinstance(node, exp.Table) and isinstance(inner, exp.Identifier):
        return [(alias, _read_stored(node, tables))]
    if isinstance(node, exp.Subquery) and isinstance(inner, exp.Subquery | exp.Table | exp.TableFromRows):
        scope = _sources(inner, tables)
        return [(alias, _every_column(scope))] if node.alias else scope
    return [(alias, _columns_of(inner if isinstance(node, exp.Subquery | exp.Paren) else node, tables))]


def _read_stored(node: exp.Table, tables: Mapping[str, Columns]) -> Columns:
    for name in (f"{node.db}.{node.name}".upper(), node.name.upper()):
        if name in tables:
            return tables[name]
    raise _NotToldError


def _every_column(scope: Scope) -> Columns:
    columns: Columns = {}
    for _, found in scope:
        _refuse_repeated(found, columns)
        columns |= found
    return columns


def _refuse_repeated(found: Columns, columns: Columns) -> None:
    """Leave a query that gives a name twice to the warehouse, which says what becomes of it."""
    if found.keys() & columns.keys():
        raise _NotToldError


def _adds_columns(join: exp.Join) -> bool:
    if join.args.get("using") or str(join.args.get("method") or "").upper() == "NATURAL":
        raise _NotToldError
    return str(join.args.get("kind") or "").upper() not in ("SEMI", "ANTI")


def _project(projection: exp.Expr, scope: Scope) -> Columns:
    if isinstance(projection, exp.Star):
        if not scope or projection.args.get("except_") or projection.args.get("except"):
            raise _NotToldError
        return _every_column(scope)
    if isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star):
        return _every_column([one for one in scope if one[0] == projection.table.upper()])
    if isinstance(projection, exp.Alias):
        return {_name(projection.args["alias"]): _type_of(projection.this, scope)}
    if isinstance(projection, exp.Column):
        return {_name(projection.this): _type_of(projection, scope)}
    raise _NotToldError


def _name(identifier: exp.Expr) -> str:
    return identifier.name if identifier.args.get("quoted") else identifier.name.upper()


def _as_snowpark(kind: DataType | snowpark.DataType) -> snowpark.DataType:
    return kind.as_snowpark() if isinstance(kind, DataType) else kind


def _type_of(node: exp.Expr, scope: Scope) -> DataType | snowpark.DataType:
    """Return the type of an expression, where it says it itself or by a column that it carries on."""
    if isinstance(node, exp.Paren):
        return _type_of(node.this, scope)
    if isinstance(node, exp.Cast):
        return _find_type(node.to)
    if isinstance(node, exp.Column):
        name = _name(node.this)
        return next((columns[name] for alias, columns in scope if name in columns and _is_meant(node, alias)), Untold())
    if isinstance(node, exp.Literal) and node.is_string:
        return TEXT
    if isinstance(node, exp.Coalesce | exp.If | exp.Case):
        return _first_told(node, scope)
    return Untold()


def _is_meant(node: exp.Column, alias: str) -> bool:
    return not node.table or node.table.upper() == alias


def _first_told(node: exp.Expr, scope: Scope) -> DataType | snowpark.DataType:
    if isinstance(node, exp.Coalesce):
        options = [node.this, *node.expressions]
    elif isinstance(node, exp.If):
        options = [node.args.get("true"), node.args.get("false")]
    else:
        options = [*(branch.args.get("true") for branch in node.args.get("ifs") or []), node.args.get("default")]
    told = [_type_of(option, scope) for option in options if option is not None]
    return next((kind for kind in told if not is_untold(_as_snowpark(kind))), Untold())


def _find_type(kind: exp.Expr) -> DataType:
    if not isinstance(kind, exp.DataType):
        return Untold()
    if kind.this is exp.DataType.Type.DECIMAL:
        digits = [int(size.name) for size in kind.expressions]
        return DecimalType(*digits) if len(digits) == 2 else DecimalType(38, 0)
    is_marked = [size.name for size in kind.expressions] == [str(_UNTOLD_LENGTH)]
    return Untold() if is_marked else _TYPES.get(kind.this, Untold())
