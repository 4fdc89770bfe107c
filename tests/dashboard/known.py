"""A small warehouse whose every number is known: rows of the tables that the dashboard reads, written by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from snowflake.connector import SnowflakeConnection

from deployments.embedded import Endpoint
from tests.dashboard import known_audience, known_money
from tests.dashboard.known_audience import Rows
from tests.feeding import definition
from transforms.catalog import models
from transforms.contract import Column, Layer, Table
from transforms.ops import LEDGERS
from transforms.types import BooleanType, DateType, DecimalType, DoubleType, LongType, TimestampType, VariantType

TABLES: dict[str, Rows] = {**known_audience.TABLES, **known_money.TABLES}
_NOTHING: dict[type, Any] = {
    LongType: 0,
    DoubleType: 0.0,
    DecimalType: 0,
    BooleanType: False,
    DateType: date(2026, 1, 1),
    TimestampType: datetime(2026, 1, 1),
    VariantType: "{}",
}


@contextmanager
def known_warehouse(endpoint: Endpoint, tables: Mapping[str, Rows] = TABLES) -> Iterator[dict[str, Any]]:
    """Connection parameters of a database with those tables, and all others that the dashboard knows left out."""
    import snowflake.connector

    name = f"DASHBOARD_{uuid4().hex[:8].upper()}"
    parameters = {**endpoint.connection_parameters(name), "paramstyle": "qmark"}
    with snowflake.connector.connect(**endpoint.connection_parameters("ADMINISTRATION")) as administrator:
        administrator.cursor().execute(f"CREATE DATABASE {name}")
        for layer in Layer:
            administrator.cursor().execute(f"CREATE SCHEMA IF NOT EXISTS {name}.{layer}")
        with snowflake.connector.connect(**{**parameters, "schema": "MARTS"}) as connection:
            for table, rows in tables.items():
                _fill(connection, name, _contract(table), rows)
        yield parameters
        administrator.cursor().execute(f"DROP DATABASE IF EXISTS {name}")


def _contract(name: str) -> Table:
    ledgers = {ledger.name: ledger for ledger in LEDGERS}
    return ledgers[name] if name in ledgers else models()[name].table


def _fill(connection: SnowflakeConnection, database: str, table: Table, rows: Rows) -> None:
    full_name = table.full_name(database)
    cursor = connection.cursor()
    cursor.execute(definition(table, full_name))
    for row in rows:
        unknown = set(row) - {column.name for column in table.stored_columns}
        assert not unknown, f"{table.name} has no {unknown}"
        columns = [column for column in table.stored_columns if column.name in row or not column.nullable]
        values = ", ".join("PARSE_JSON(?)" if isinstance(column.type, VariantType) else "?" for column in columns)
        names = ", ".join(column.name for column in columns)
        cursor.execute(
            f"INSERT INTO {full_name} ({names}) SELECT {values}", tuple(_value(column, row) for column in columns)
        )


def _value(column: Column, row: Mapping[str, Any]) -> Any:
    value = row[column.name] if column.name in row else _NOTHING.get(type(column.type), "")
    return value.isoformat() if isinstance(value, datetime | date) else value
