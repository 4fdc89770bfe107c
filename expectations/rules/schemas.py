"""What is stored: columns and types of tables, read from the information schema by one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from expectations.rules.rule import quote_literal
from transforms import types
from transforms.contract import Table, check_identifier

_KINDS: dict[type[types.DataType], str] = {
    types.StringType: "TEXT",
    types.LongType: "NUMBER",
    types.DoubleType: "FLOAT",
    types.BooleanType: "BOOLEAN",
    types.DateType: "DATE",
    types.TimestampType: "TIMESTAMP_NTZ",
    types.VariantType: "VARIANT",
}
Columns = dict[str, str]


def list_declared_columns(table: Table) -> Columns:
    """List column -> type as the information schema writes it, numbers with their scale."""
    return {column.name: _kind(column.type) for column in table.stored_columns}


def read_stored_columns(connection: Any, database: str, tables: Sequence[Table]) -> dict[str, Columns]:
    """Read table -> columns that are really there; a table that does not exist is not in it."""
    names = ", ".join(sorted({quote_literal(table.name.upper()) for table in tables}))
    schemas = ", ".join(sorted({quote_literal(table.layer.value) for table in tables}))
    rows = connection.cursor().execute(
        "select table_name, column_name, data_type, numeric_scale "
        f"from {check_identifier(database)}.information_schema.columns "
        f"where table_schema in ({schemas}) and table_name in ({names})"
    )
    found: dict[str, Columns] = {}
    for table_name, column_name, data_type, scale in rows.fetchall():
        found.setdefault(table_name.lower(), {})[column_name.lower()] = kind_of(data_type, scale)
    return found


def kind_of(data_type: str, scale: int | None) -> str:
    """Return a type of the information schema, numbers with their scale."""
    return f"NUMBER({scale} decimals)" if data_type == "NUMBER" and scale else str(data_type)


def _kind(data_type: types.DataType) -> str:
    if isinstance(data_type, types.DecimalType):
        return f"NUMBER({data_type.scale} decimals)" if data_type.scale else "NUMBER"
    return _KINDS[type(data_type)]
