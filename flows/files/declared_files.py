"""Files whose columns are declared by the contracts of the tables that they become.

What a file holds is told by its header: the entity of which it has the most columns that no other entity has. Which
columns an entity has, must have, and whether a delivery lists all of it, is declared by its tables alone: RAW names
the fields, staging the ones that it cannot do without.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from flows.files.kinds import FileKind
from transforms.catalog import models, readers_of
from transforms.contract import Table

# So many columns of its own show an entity; one is enough where it has no more than two.
_TELLING = 2


def declared_kind(source: str, *, tells_missing: bool = False, **options: Any) -> FileKind:
    """What the files of a source look like, by the contracts of its tables.

    Args:
        source: E.g. billing.
        tells_missing: A header that lacks a field which RAW names is told, also where staging can do without.
        **options: More fields of FileKind.
    """
    tables = {str(table.source).partition("/")[2]: table for table in _raw_tables(source)}
    required = {entity: _required(table) for entity, table in tables.items()}
    options.setdefault("entity_of", partial(_entity_of, own=_own_fields(tables)))
    options.setdefault("holds", ", ".join(sorted(tables)[:-1]) + f" or {max(tables)}")
    fields = {name for table in tables.values() for name in table.fields}
    return FileKind(
        source=source,
        required=required,
        complete=frozenset(entity for entity, table in tables.items() if table.is_complete),
        known={entity: frozenset(table.fields) for entity, table in tables.items()} if tells_missing else {},
        fields=frozenset(fields | {name for known in required.values() for names in known for name in names}),
        **options,
    )


def _raw_tables(source: str) -> list[Table]:
    tables = [model.table for model in models().values()]
    return [table for table in tables if table.source and table.source.startswith(f"{source}/")]


def _required(table: Table) -> list[tuple[str, ...]]:
    """Fields that staging cannot do without, each with the names that it had before."""
    columns = [column for reader in readers_of(table.name) for column in reader.table.columns]
    return [(column.payload, *column.formerly) for column in columns if column.payload and not column.nullable]


def _own_fields(tables: Mapping[str, Table]) -> dict[str, frozenset[str]]:
    """Fields that only the entity has."""
    names = {
        entity: frozenset(table.fields) | {name for known in _required(table) for name in known}
        for entity, table in tables.items()
    }
    return {
        entity: fields - {name for other, others in names.items() if other != entity for name in others}
        for entity, fields in names.items()
    }


def _entity_of(keys: Collection[str], own: Mapping[str, frozenset[str]]) -> str | None:
    found = {entity: len(fields.intersection(keys)) for entity, fields in own.items()}
    most = max(found.values(), default=0)
    best = [entity for entity, count in found.items() if count == most]
    if len(best) > 1:
        return None
    return best[0] if most >= min(_TELLING, len(own[best[0]]) - 1) and most else None
