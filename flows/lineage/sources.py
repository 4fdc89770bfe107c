"""Which columns each column of a SELECT is made of, by the SELECT alone: down to tables, VARIANT paths kept.

A source is a value where the column's value is made of it, and a condition where it only decides which value that is:
what IFF and CASE ask, what windows partition and order by. What chooses rows (WHERE, ON) is told of the whole table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import sqlglot
from sqlglot import exp

from flows.errors import SnowcastError
from flows.lineage.made import (
    CONDITION,
    NONE,
    NOTHING,
    ROWS,
    Made,
    Relation,
    Source,
    Sources,
    write_either,
    write_stored,
)

_FLATTENED = ("SEQ", "KEY", "PATH", "INDEX", "VALUE", "THIS")


class LineageError(SnowcastError):
    """A statement has a form that lineage cannot follow."""


class _Scope(NamedTuple):
    """What a SELECT reads, by alias."""

    relations: tuple[tuple[str, Relation], ...]

    @property
    def tables(self) -> frozenset[str]:
        return frozenset().union(*[relation.tables for _, relation in self.relations])

    @property
    def rows(self) -> Sources:
        return NONE.union(*[relation.rows for _, relation in self.relations])

    def find(self, column: exp.Column) -> Made:
        """Return the column that a name means here."""
        name, alias = _fold_name(column.this), column.table.upper()
        for known_as, relation in self.relations:
            if name in relation.columns and alias in ("", known_as):
                return relation.columns[name]
        raise LineageError(f"Lineage: no column {name} in {', '.join(known for known, _ in self.relations)}")


def trace_statement(statement: str, tables: Mapping[str, Sequence[str]]) -> Relation:
    """Return what a SELECT in Snowflake's dialect gives, and of which stored columns (`tables`: lower case).

    Raises:
        LineageError: It has a form that cannot be followed, or reads what is not known.
    """
    return _Tracer(tables).query(sqlglot.parse_one(statement, read="snowflake"))


@dataclass(frozen=True)
class _Tracer:
    tables: Mapping[str, Sequence[str]]

    def query(self, node: exp.Expr) -> Relation:
        """Return what a query gives."""
        if isinstance(node, exp.Subquery | exp.Paren):
            return self._everything(self._read(node.this, node.args.get("joins")))
        if isinstance(node, exp.SetOperation):
            return _stack(self.query(node.left), self.query(node.right))
        if isinstance(node, exp.Select):
            return self._select(node)
        if isinstance(node, exp.Table | exp.TableFromRows | exp.Values):
            return self._everything(self._read(node))
        raise LineageError(f"Lineage: cannot follow {type(node).__name__}: {node.sql()[:200]}")

    def _select(self, select: exp.Select) -> Relation:
        source = select.args.get("from_") or select.args.get("from")
        scope = _Scope(()) if source is None else self._read(source.this, select.args.get("joins"))
        columns: dict[str, Made] = {}
        for projection in select.expressions:
            columns.update(self._project(projection, scope))
        chosen = [select.args.get(name) for name in ("where", "having", "qualify")]
        rows = scope.rows.union(*[self._trace(node, scope) for node in chosen if node is not None])
        return Relation(columns, scope.tables, rows)

    def _project(self, projection: exp.Expr, scope: _Scope) -> Mapping[str, Made]:
        if isinstance(projection, exp.Star):
            return self._everything(scope).columns
        if isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star):
            alias = projection.table.upper()
            return self._everything(_Scope(tuple(one for one in scope.relations if one[0] == alias))).columns
        if isinstance(projection, exp.Column):
            return {_fold_name(projection.this): scope.find(projection)}
        if not isinstance(projection, exp.Alias):
            return {projection.sql(): self._make(projection, projection.sql(), scope)}
        name = _fold_name(projection.args["alias"])
        return {name: self._make(projection.this, name, scope)}

    def _make(self, node: exp.Expr, name: str, scope: _Scope) -> Made:
        if isinstance(node, exp.Cast) and isinstance(node.this, exp.Column):
            return scope.find(node.this)
        return Made(self._trace(node, scope), partial(_write_out, node, name, scope))

    @staticmethod
    def _everything(scope: _Scope) -> Relation:
        columns: dict[str, Made] = {}
        for _, relation in scope.relations:
            columns = {**relation.columns, **columns}
        return Relation(columns, scope.tables, scope.rows)

    def _read(self, node: exp.Expr, joins: Iterable[exp.Join] | None = None) -> _Scope:
        """Return what is read at one place of FROM, with what is joined to it."""
        scope = self._source(node)
        own = [] if isinstance(node, exp.Query) and not isinstance(node, exp.Subquery) else node.args.get("joins")
        for join in [*(own or []), *(joins or [])]:
            joined = self._read_joined(join.this, scope)
            both = _Scope((*scope.relations, *joined.relations))
            on = join.args.get("on")
            decided = NONE if on is None else self._trace(on, both)
            is_filter = str(join.args.get("kind") or "").upper() in ("SEMI", "ANTI")
            kept = scope if is_filter else both
            scope = _Scope((*kept.relations, ("", Relation({}, joined.tables, decided | joined.rows))))
        return scope

    def _read_joined(self, node: exp.Expr, left: _Scope) -> _Scope:
        """Return a joined place; a table function reads columns of what it is joined to."""
        inner = node.this
        if isinstance(inner, exp.Explode):
            return _Scope(((node.alias_or_name.upper(), self._flatten(inner, left)),))
        return self._read(node)

    def _source(self, node: exp.Expr) -> _Scope:
        inner, alias = node.this, node.alias_or_name.upper()
        if isinstance(node, exp.Values):
            names = [identifier.name for identifier in node.args["alias"].columns] if node.args.get("alias") else []
            return _Scope(((alias, Relation(dict.fromkeys(names, NOTHING), frozenset())),))
        if isinstance(node, exp.Table) and isinstance(inner, exp.Identifier):
            return _Scope(((alias, self._read_columns(node)),))
        if isinstance(node, exp.Table | exp.TableFromRows | exp.Lateral):
            return _Scope(((alias, Relation({}, frozenset())),))
        if isinstance(node, exp.Subquery | exp.Paren) and isinstance(inner, exp.Subquery | exp.Table | exp.Paren):
            scope = self._read(inner)
            return _Scope(((alias, self._everything(scope)),)) if alias else scope
        return _Scope(((alias, self.query(inner if isinstance(node, exp.Subquery | exp.Paren) else node)),))

    def _read_columns(self, node: exp.Table) -> Relation:
        name = node.name.lower()
        if name not in self.tables:
            raise LineageError(f"Lineage: no table {name} is known")
        columns = {
            column.upper(): Made(frozenset({source}), partial(write_stored, name, source.column), frozenset({source}))
            for column in self.tables[name]
            if (source := Source(name, column))
        }
        return Relation(columns, frozenset({name}))

    def _flatten(self, node: exp.Explode, left: _Scope) -> Relation:
        given = self._make(node.this, "elements", left)
        each = Made(given.sources, lambda depth: exp.Anonymous(this="each_of", expressions=[given.write(depth)]))
        return Relation(dict.fromkeys(_FLATTENED, each), frozenset())

    def _trace(self, node: exp.Expr, scope: _Scope) -> Sources:
        """Return what an expression is made of."""
        if isinstance(node, exp.Column):
            return scope.find(node).sources
        if isinstance(node, exp.Query):
            inner = self.query(node)
            return _as_condition(inner.rows.union(*[column.sources for column in inner.columns.values()]))
        if isinstance(node, exp.Count) and not list(node.find_all(exp.Column)):
            return frozenset(Source(table, ROWS) for table in scope.tables)
        if isinstance(node, exp.Bracket | exp.JSONExtract) and (key := _key_of(node)) is not None:
            return frozenset(one._replace(path=(*one.path, key)) for one in self._trace(node.this, scope))
        values, conditions = _parts(node)
        found = NONE.union(*[self._trace(part, scope) for part in values])
        return found | _as_condition(NONE.union(*[self._trace(part, scope) for part in conditions]))


def _parts(node: exp.Expr) -> tuple[list[exp.Expr], list[exp.Expr]]:
    """Return the parts of an expression that give its value, and those that decide which value that is."""
    parts = list(node.iter_expressions())
    asked: Sequence[exp.Expr | None] = ()
    if isinstance(node, exp.Window):
        asked = [part for part in parts if part is not node.this]
    elif isinstance(node, exp.If):
        asked = [node.this]
    elif isinstance(node, exp.Case):
        asked = [node.args.get("this")]
    elif isinstance(node, exp.ArgMax | exp.ArgMin):
        asked = [node.expression]
    elif isinstance(node, exp.WithinGroup | exp.Order):
        asked = [node.expression] if isinstance(node, exp.WithinGroup) else parts
    decides = [part for part in asked if isinstance(part, exp.Expr)]
    return [part for part in parts if not any(part is one for one in decides)], decides


def _key_of(node: exp.Expr) -> str | None:
    key = node.expressions[0] if isinstance(node, exp.Bracket) else node.expression
    if isinstance(key, exp.JSONPath):
        return ".".join(str(part.this) for part in key.expressions if isinstance(part, exp.JSONPathKey))
    return key.name if isinstance(key, exp.Literal) and key.is_string else None


def _as_condition(sources: Sources) -> Sources:
    return frozenset(one._replace(role=CONDITION) for one in sources)


def _stack(left: Relation, right: Relation) -> Relation:
    """Return two queries below each other: columns by their place, names of the first.

    A column that is a constant on both sides tells which side a row is of, so it comes of the rows themselves.
    """
    if len(left.columns) != len(right.columns):
        raise LineageError(f"Lineage: a union of {len(left.columns)} and {len(right.columns)} columns")
    tables = left.tables | right.tables
    told_apart = frozenset(Source(table, ROWS, role=CONDITION) for table in tables)
    pairs = zip(left.columns.items(), right.columns.values(), strict=True)
    columns = {
        name: Made(
            (one.sources | other.sources) or told_apart, partial(write_either, one, other), one.carried | other.carried
        )
        for (name, one), other in pairs
    }
    return Relation(columns, tables, left.rows | right.rows)


def _write_out(node: exp.Expr, name: str, scope: _Scope, depth: int) -> exp.Expr:
    """Return an expression with the columns that it names written out, one query less deep."""
    if depth == 0:
        return exp.column(name.lower())
    return node.copy().transform(
        lambda part: scope.find(part).write(depth - 1) if isinstance(part, exp.Column) else part
    )


def _fold_name(identifier: exp.Expr) -> str:
    return identifier.name if identifier.args.get("quoted") else identifier.name.upper()
