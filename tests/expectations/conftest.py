"""A database with every table, filled with good rows and, per rule, the bad row that breaks it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from expectations.checks.tables import rules_of
from tests.expectations import planted_stream
from tests.expectations.planting import (
    GOOD_BATCH,
    bad_batch,
    bad_rows,
    create_statement,
    good_row,
    insert_statement,
    rows_looked_up,
)
from transforms.catalog import models
from transforms.contract import Layer, Table
from transforms.ops import LEDGERS, LOADS, STREAM_POSITIONS

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

    from deployments.embedded import Endpoint


def tables() -> list[Table]:
    """Every table that is not a ledger."""
    return [model.table for model in models().values()]


@pytest.fixture(scope="session")
def planted(endpoint: Endpoint) -> Iterator[dict[str, Any]]:
    """Connection parameters of a database with good rows (batch `good`) and bad ones (batch `bad<n>` of the rule n)."""
    import snowflake.connector

    database = f"PLANTED_{uuid.uuid4().hex[:8].upper()}"
    with snowflake.connector.connect(**endpoint.connection_parameters("ADMINISTRATION")) as administrator:
        _fill(administrator, database)
        yield endpoint.connection_parameters(database)
        administrator.cursor().execute(f"drop database if exists {database}")


@pytest.fixture(scope="session")
def planted_connection(planted: dict[str, Any]) -> Iterator[SnowflakeConnection]:
    """An open connection to the planted database."""
    import snowflake.connector

    with snowflake.connector.connect(**planted) as opened:
        yield opened


def _fill(connection: SnowflakeConnection, database: str) -> None:
    cursor = connection.cursor()
    cursor.execute(f"create database {database}")
    for layer in Layer:
        cursor.execute(f"create schema if not exists {database}.{layer}")
    for table in (*tables(), *LEDGERS):
        cursor.execute(create_statement(table, database))
    for table in tables():
        bad = [row for number, rule in enumerate(rules_of(table)) for row in bad_rows(table, rule, number)]
        cursor.execute(insert_statement(table, database, [good_row(table), *bad, *rows_looked_up(table)]))
    loads = [GOOD_BATCH, *(bad_batch(number) for number in range(100))]
    # The same batches serve as loads of all raw tables, one row each.
    rows = [{**good_row(LOADS), "load_id": load, "rows_loaded": 1} for load in loads]
    cursor.execute(insert_statement(LOADS, database, rows))
    positions = [{"load_id": load, **values} for load in loads for values in planted_stream.POSITIONS]
    rows = [{**good_row(STREAM_POSITIONS), **row} for row in positions]
    cursor.execute(insert_statement(STREAM_POSITIONS, database, rows))
