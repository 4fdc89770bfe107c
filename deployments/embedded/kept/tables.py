"""Tables of what the warehouse keeps beside the databases, and their rows by what stands in some columns.

Each call works in a transaction of its own, not in the session's: what is kept here does not roll back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployments.embedded.context import StatementContext

CATALOG = "_fs_global._fs_information_schema"


@dataclass(frozen=True)
class KeptTable:
    """One of these tables.

    Attributes:
        name: its name.
        key: columns of which no two rows have the same values.
    """

    name: str
    key: tuple[str, ...] = ("database_name", "schema_name", "name")

    def find(self, context: StatementContext, **values: Any) -> list[dict[str, Any]]:
        """Find the rows that have these values."""
        with context.duck_conn.cursor() as catalog:
            found = catalog.execute(f"SELECT * FROM {CATALOG}.{self.name}{_where(values)}", list(values.values()))
            names = [column[0] for column in found.description or []]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def read(self, context: StatementContext, *key: str) -> dict[str, Any] | None:
        """Read the row of that key; None if there is none."""
        return next(iter(self.find(context, **dict(zip(self.key, key, strict=True)))), None)

    def put(self, context: StatementContext, *rows: Mapping[str, Any]) -> None:
        """Keep rows in the place of those of their keys: a process that dies leaves all of them or what was there."""
        if not rows:
            return
        marks = ", ".join("?" * len(rows[0]))
        with context.duck_conn.cursor() as catalog:
            catalog.begin()
            for row in rows:
                key = {column: row[column] for column in self.key}
                catalog.execute(f"DELETE FROM {CATALOG}.{self.name}{_where(key)}", list(key.values()))
                named = f"{CATALOG}.{self.name} ({', '.join(row)})"
                catalog.execute(f"INSERT INTO {named} VALUES ({marks})", [*row.values()])
            catalog.commit()

    def remove(self, context: StatementContext, **values: Any) -> None:
        """Remove the rows that have these values."""
        with context.duck_conn.cursor() as catalog:
            catalog.execute(f"DELETE FROM {CATALOG}.{self.name}{_where(values)}", list(values.values()))


def _where(values: Mapping[str, Any]) -> str:
    return f" WHERE {' AND '.join(f'{column} = ?' for column in values)}" if values else ""
