"""The lineage of all columns as data: what each is made of, followed up to the payloads of sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flows.lineage.made import CONDITION, ROWS, VALUE, Relation, Source, Sources, write_formula
from flows.lineage.offline import write_statements
from flows.lineage.sources import trace_statement
from transforms.catalog import models
from transforms.contract import Layer, Table
from transforms.ops import LEDGERS


class Place(NamedTuple):
    """A column of a table, or a field of the payload of a raw one.

    Args:
        table: Its name.
        column: Its name; `*`: the table's rows, counted.
        path: Keys within a VARIANT; kept in RAW, where they name what a source sent.
    """

    table: str
    column: str
    path: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The place as SQL writes it: `raw_twitch_streams.record:viewer_count`."""
        return f"{self.table}.{self.column}" + "".join(
            f"{':' if position == 0 else '.'}{key}" for position, key in enumerate(self.path)
        )


class Edge(NamedTuple):
    """One column that is made of another.

    Args:
        source: What is read.
        target: What is made of it.
        role: value: its value is; condition: it decides which value that is.
        path: Keys by which the source, a VARIANT, is read.
    """

    source: Place
    target: Place
    role: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lineage:
    """What every column is made of.

    Args:
        edges: By column that is made: what it is made of, values first.
        rows: By table: columns that decide which rows it has.
        statements: By table: the SELECT of its build, as Snowflake gets it.
        relations: By table: what that SELECT gives.
    """

    edges: Mapping[Place, tuple[Edge, ...]]
    rows: Mapping[str, tuple[Place, ...]]
    statements: Mapping[str, str]
    relations: Mapping[str, Relation]
    _formulas: dict[Place, str] = field(default_factory=dict, repr=False, compare=False)

    def formula(self, place: Place) -> str:
        """Return how a column is computed of columns of other tables; of what depth it can be read at a glance."""
        if place not in self._formulas:
            self._formulas[place] = write_formula(self.relations[place.table].columns[place.column.upper()])
        return self._formulas[place]

    def upstream(self, place: Place, roles: Iterable[str] = (VALUE, CONDITION)) -> list[Edge]:
        """List the edges that lead to a column, nearest first, up to what sources sent."""
        chosen, found, waiting, seen = set(roles), [], [place], {place}
        while waiting:
            edges = [edge for edge in self.edges.get(waiting.pop(0), ()) if edge.role in chosen]
            found += edges
            new = [edge.source for edge in edges if edge.source not in seen]
            seen |= set(new)
            waiting += dict.fromkeys(new)
        return found

    def origins(self, place: Place, roles: Iterable[str] = (VALUE, CONDITION)) -> list[Place]:
        """List what a column comes from in the end: places that nothing else makes."""
        places = [edge.source for edge in self.upstream(place, roles)]
        return sorted({source for source in places if not self.edges.get(source)})

    def as_json(self) -> dict[str, Any]:
        """Return tables, columns and edges as plain data: a table whose rows something is made of has a column `*`."""
        edges = [edge for edges in self.edges.values() for edge in edges]
        read = sorted({edge.source for edge in edges if edge.source.path or edge.source.column == ROWS})
        return {
            "tables": [self._table_as_json(table, read) for table in _list_tables()],
            "edges": [[edge.source.text, edge.target.text, edge.role, list(edge.path)] for edge in edges],
        }

    def _table_as_json(self, table: Table, read: Iterable[Place]) -> dict[str, Any]:
        fields = [place for place in read if place.table == table.name]
        meaning = {ROWS: "its rows, counted"}
        return {
            "name": table.name,
            "layer": str(table.layer),
            "grain": table.grain,
            "tags": list(table.tags),
            "inputs": list(models()[table.name].inputs) if table.name in models() else [],
            "rows_by": [place.text for place in self.rows.get(table.name, ())],
            "columns": [
                *[{"name": column.name, "meaning": column.description} for column in table.columns],
                *[
                    {
                        "name": place.text.partition(".")[2],
                        "meaning": meaning.get(place.column, "as the source sent it"),
                    }
                    for place in fields
                ],
            ],
        }


def trace_tables(parameters: Mapping[str, Any], database: str) -> Lineage:
    """Tell what every column of every built table is made of, by the statements of the builds.

    Raises:
        LineageError: A statement has a form that cannot be followed.
    """
    statements = write_statements(parameters, database)
    known = {table.name: [column.name for column in table.stored_columns] for table in _list_tables()}
    edges: dict[Place, tuple[Edge, ...]] = {}
    rows: dict[str, tuple[Place, ...]] = {}
    relations = {name: trace_statement(statement, known) for name, statement in statements.items()}
    for name, relation in relations.items():
        table = models()[name].table
        edges |= {Place(name, column): _edges(table, column, relation) for column in table.column_names}
        rows[name] = tuple(sorted({_place_of(source) for source in relation.rows}))
    return Lineage(edges, rows, statements, relations)


def _edges(table: Table, column: str, relation: Relation) -> tuple[Edge, ...]:
    target = Place(table.name, column)
    found = {(_place_of(source), source.role): source for source in sorted(_without_repeats(relation, column))}
    made = [Edge(place, target, role, source.path) for (place, role), source in found.items()]
    return tuple(sorted(made, key=lambda edge: (edge.role != VALUE, edge.source)))


def _without_repeats(relation: Relation, column: str) -> Sources:
    """Return what a column is made of; what gives its value is not named again for what it decides."""
    sources = relation.columns[column.upper()].sources
    values = {_place_of(source) for source in sources if source.role == VALUE}
    return frozenset(source for source in sources if source.role == VALUE or _place_of(source) not in values)


def _place_of(source: Source) -> Place:
    table = models()[source.table].table if source.table in models() else None
    is_raw = table is not None and table.layer is Layer.RAW
    return Place(source.table, source.column, source.path if is_raw and source.column != ROWS else ())


def _list_tables() -> list[Table]:
    return [*[model.table for model in models().values()], *LEDGERS]
