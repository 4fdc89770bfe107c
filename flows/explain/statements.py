"""Statements with which a number is explained: literals, rows by their key, a build's SELECT over fewer rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from transforms.catalog import models
from transforms.contract import Column, Table
from transforms.types import DateType, StringType, TimestampType


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
    return "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"


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
