"""Which rows of a table's inputs give some of its rows: candidates by the columns that are carried on, then tried.

A set of rows counts where the build's own SELECT, reading them instead of everything, gives the same values again. Of
the sets that do, the smallest stretch in the order of time is told where it is for few rows: for a sum that is all that
it adds up, for a maximum the row that has it.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flows.lineage.graph import Lineage, Place
from flows.lineage.made import ROWS
from flows.warehouse.session import Reader
from transforms.catalog import models
from transforms.contract import Column, Table
from transforms.literals import quote_text
from transforms.types import DateType, StringType, TimestampType

EVERYTHING = "TRUE"
_MOST_ROWS, _MOST_NAMED, _MOST_MOMENTS = 500, 20, 20_000
_LONGEST_TRIED = 30_000  # characters of a SELECT that is sent again and again
Values = dict[tuple[Any, ...], tuple[Any, ...]]


def literal(value: Any) -> str:
    """Return a value as SQL writes it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, float):
        return f"{value!r}::double"
    if isinstance(value, datetime):
        return f"'{value.replace(tzinfo=None).isoformat(sep=' ')}'::timestamp_ntz"
    if isinstance(value, date):
        return f"'{value.isoformat()}'::date"
    return quote_text(str(value))


def equals_text(column: Column, text: str) -> str:
    """Return the condition that a column has the value that a person wrote."""
    if isinstance(column.type, StringType):
        return f"{column.name} = {literal(text)}"
    return f"{column.name} = TRY_CAST({literal(text)} AS {column.type})"


def is_row(table: Table, row: Mapping[str, Any]) -> str:
    """Return the condition that is true of one row alone."""
    return " AND ".join(f"{name} = {literal(row[name])}" for name in table.key)


def select(table: Table, database: str, names: Sequence[str], where: str) -> str:
    """Return the SELECT of some columns of the rows that fulfil a condition, in the order of time, then of the key."""
    timed = [name for name in names if isinstance(table.column(name).type, TimestampType | DateType)]
    order = ", ".join(dict.fromkeys([*timed[:1], *table.key]))
    return f"SELECT {', '.join(names)} FROM {table.full_name(database)} WHERE {where} ORDER BY {order}"


def restrict(statement: str, database: str, wheres: Mapping[str, str]) -> str:
    """Return a build's SELECT that reads only the rows of its inputs that fulfil `wheres`."""
    for name, where in wheres.items():
        full_name = models()[name].table.full_name(database)
        # Snowpark writes a table as (DATABASE.SCHEMA.NAME), so no name within another one is meant.
        statement = statement.replace(f"({full_name})", f"(SELECT * FROM {full_name} WHERE {where})")
    return statement


@dataclass(frozen=True)
class Chosen:
    """Rows of a table that something came from, as a condition, and those of its columns that matter."""

    table: Table
    where: str
    columns: tuple[str, ...]


@dataclass
class Search:
    """Looks for the rows of the inputs that give the chosen rows of a table; `wheres` is what it found so far."""

    reader: Reader
    database: str
    lineage: Lineage
    chosen: Chosen
    wheres: dict[str, str] = field(default_factory=dict)

    def find_inputs(self) -> tuple[dict[str, str], bool | None]:
        """Return a condition per input that the columns are made of, and whether these rows were enough.

        None instead of a truth: there are too many rows to try, the SELECT is too long (histories), or it gives other
        values today.
        """
        is_short = len(self.lineage.statements[self.chosen.table.name]) <= _LONGEST_TRIED
        wanted = self._read_stored() if is_short else None
        candidates = {name: list(self._candidates(name)) for name in self._inputs()}
        # Whole groups are always enough: that is what recompute_by promises.
        self.wheres.update({name: conditions[-2] for name, conditions in candidates.items()})
        if wanted is None or not self._can_try(wanted):
            return self.wheres, None
        for name, conditions in candidates.items():
            narrower = conditions[: conditions.index(self.wheres[name])]
            self.wheres[name] = next(
                (where for where in narrower if self._gives(wanted, name, where)), self.wheres[name]
            )
            self._shorten(wanted, name)
        return self.wheres, True

    def _can_try(self, wanted: Values) -> bool:
        """Whether the groups found give what is stored, or where they do not, everything does."""
        if self._run_build(self.wheres) == wanted:
            return True
        found = dict(self.wheres)
        for name in found:
            self.wheres[name] = EVERYTHING
            if self._run_build(self.wheres) == wanted:
                return True
        self.wheres.update(found)
        return False

    def statement(self) -> str:
        """Return the SELECT that gives the chosen rows from the rows found."""
        return self._select(restrict(self.lineage.statements[self.chosen.table.name], self.database, self.wheres))

    def _inputs(self) -> list[str]:
        """List the inputs that values come from; those that only decide, where there are none of these."""
        table = self.chosen.table.name
        edges = [edge for name in self.chosen.columns for edge in self.lineage.edges[Place(table, name)]]
        of_values = [edge.source.table for edge in edges if edge.role == "value"]
        return [name for name in dict.fromkeys(of_values or [edge.source.table for edge in edges]) if name in models()]

    def _read_stored(self) -> Values | None:
        rows = self.reader.rows(self._select(f"SELECT * FROM {self.chosen.table.full_name(self.database)}"))
        return None if len(rows) > _MOST_ROWS else self._by_key(rows)

    def _run_build(self, wheres: Mapping[str, str]) -> Values:
        statement = restrict(self.lineage.statements[self.chosen.table.name], self.database, wheres)
        return self._by_key(self.reader.rows(self._select(statement)))

    def _gives(self, wanted: Values, name: str, where: str) -> bool:
        return self._run_build({**self.wheres, name: where}) == wanted

    def _select(self, statement: str) -> str:
        table = self.chosen.table
        names = ", ".join([*table.key, *[name for name in self.chosen.columns if name not in table.key]])
        return f"SELECT {names} FROM ({statement}) WHERE {self.chosen.where} ORDER BY {', '.join(table.key)}"

    def _by_key(self, rows: Sequence[tuple[Any, ...]]) -> Values:
        width = len(self.chosen.table.key)
        return {row[:width]: tuple(_round_value(value) for value in row[width:]) for row in rows}

    def _candidates(self, name: str) -> Iterator[str]:
        """Yield conditions on an input, the narrowest first: same carried columns, same group, everything."""
        carried = self._find_carried(name)
        yield self._same(name, carried)
        groups = {column: own for column, own in carried.items() if own in self.chosen.table.recompute_by}
        if groups != carried:
            yield self._same(name, groups)
        yield EVERYTHING

    def _find_carried(self, name: str) -> dict[str, str]:
        """Return columns of an input that the table carries on, with their names there; its key alone is enough."""
        table = self.chosen.table
        columns = self.lineage.relations[table.name].columns
        carried = {
            source.column: own
            for own in table.column_names
            for source in columns[own.upper()].carried
            if source.table == name and not source.path and source.column != ROWS
        }
        key = models()[name].table.key
        return {column: carried[column] for column in key} if set(key) <= set(carried) else carried

    def _same(self, name: str, carried: Mapping[str, str]) -> str:
        if not carried:
            return EVERYTHING
        table = self.chosen.table
        rows = sorted(set(self.reader.rows(self._ours(carried.values()))), key=repr)
        if len(rows) <= _MOST_NAMED:
            return _any_of(list(carried), rows)
        told = {column: own for column, own in carried.items() if not table.column(own).nullable}  # IN finds no NULL
        return f"({', '.join(told)}) IN ({self._ours(told.values())})" if told else EVERYTHING

    def _ours(self, names: Iterable[str]) -> str:
        return f"SELECT {', '.join(names)} FROM {self.chosen.table.full_name(self.database)} WHERE {self.chosen.where}"

    def _shorten(self, wanted: Values, name: str) -> None:
        """Keep the shortest stretch of time of an input's rows that still gives the same."""
        if len(wanted) > _MOST_NAMED:  # a stretch of time that holds the rows of so many leaves little out
            return
        moment = self._moment(name)
        has_key = set(models()[name].table.key) <= set(self._find_carried(name))
        if moment is None or (has_key and self.wheres[name] != EVERYTHING):
            return
        where = self.wheres[name]
        full_name = models()[name].table.full_name(self.database)
        rows = self.reader.rows(f"SELECT DISTINCT {moment} FROM {full_name} WHERE {where} ORDER BY 1")
        moments = [row[0] for row in rows if row[0] is not None]
        if len(moments) < 2 or len(rows) > min(len(moments), _MOST_MOMENTS):
            return

        def stretch(first: int, last: int) -> str:
            within = f"{moment} BETWEEN {literal(moments[first])} AND {literal(moments[last])}"
            return within if where == EVERYTHING else f"{where} AND {within}"

        last = _least(0, len(moments) - 1, lambda end: self._gives(wanted, name, stretch(0, end)))
        first = -_least(-last, 0, lambda begin: self._gives(wanted, name, stretch(-begin, last)))
        if (first, last) != (0, len(moments) - 1):
            self.wheres[name] = stretch(first, last)

    def _moment(self, name: str) -> str | None:
        """Return the column of an input that orders its rows in time: one that the table's key is made of, if any."""
        table = models()[name].table
        timed = [column.name for column in table.columns if isinstance(column.type, DateType | TimestampType)]
        own = self.chosen.table
        of_key = {edge.source for key in own.key for edge in self.lineage.edges[Place(own.name, key)]}
        named = [column for column in timed if Place(name, column) in of_key]
        return next(iter([*named, *([table.cluster_by] if table.cluster_by in timed else []), *timed]), None)


def _least(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """Return the least number for which something holds that holds for the highest."""
    return low + bisect_left(range(low, high), True, key=holds)


def _any_of(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> str:
    each = [" AND ".join(_is(name, value) for name, value in zip(names, row, strict=True)) for row in rows]
    return "FALSE" if not each else each[0] if len(each) == 1 else "(" + " OR ".join(f"({one})" for one in each) + ")"


def _is(name: str, value: Any) -> str:
    return f"{name} IS NULL" if value is None else f"{name} = {literal(value)}"


def _round_value(value: Any) -> Any:
    """Return a value so that sums in another order are the same."""
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.12g}")
    return value.normalize() if isinstance(value, Decimal) else value
