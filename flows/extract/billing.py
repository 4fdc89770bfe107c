"""Billing's files: users, subscriptions, payments and viewing activity, one CSV each, delivered daily.

What a file holds is told by its header: the entity of which it has the most columns that no other entity has. Which
columns an entity has, must have, and whether a delivery lists all of it, is declared by its tables alone: RAW names
the fields, staging the ones that it cannot do without.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flows.extract.file_kinds import FileKind
from transforms.catalog import models, readers_of
from transforms.contract import Table

SOURCE = "billing"
# So many columns of its own show an entity; one is enough where it has no more than two.
_TELLING = 2


def billing_files(encoding: str = "utf-8") -> FileKind:
    """What billing's files look like, by the contracts of its tables."""
    tables = {str(table.source).partition("/")[2]: table for table in _raw_tables()}
    own = _own_fields(tables)
    return FileKind(
        source=SOURCE,
        holds=", ".join(sorted(tables)[:-1]) + f" or {max(tables)}",
        entity_of=lambda keys: _entity_of(keys, own),
        required={entity: _required(table) for entity, table in tables.items()},
        complete=frozenset(entity for entity, table in tables.items() if table.is_complete),
        is_daily=True,
        encoding=encoding,
        encoding_setting="SNOWCAST_BILLING_ENCODING",
    )


def _raw_tables() -> list[Table]:
    tables = [model.table for model in models().values()]
    return [table for table in tables if table.source and table.source.startswith(f"{SOURCE}/")]


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
