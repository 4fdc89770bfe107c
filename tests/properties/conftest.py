"""Two prepared databases, which every example of a property empties: one is fed bit by bit, one at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from snowflake.snowpark import Session
from snowflake.snowpark.functions import col, lit

from tests.feeding import prepare
from transforms.catalog import models
from transforms.engine.stored import current_database, read_table
from transforms.engine.tables import prepare_tables
from transforms.ops import LEDGERS

if TYPE_CHECKING:
    from deployments.embedded import Endpoint


def emptied(session: Session) -> Session:
    """The session, every table of its database empty."""
    tables = session.table(f"{current_database(session)}.INFORMATION_SCHEMA.TABLES").filter(col("row_count") > lit(0))
    filled = {name.lower() for (name,) in tables.select("table_name").collect()}
    for table in [*LEDGERS, *[model.table for model in models().values()]]:
        if table.name in filled:
            read_table(session, table).delete()
    prepare_tables(session)
    return session


@contextmanager
def _prepared(endpoint: Endpoint) -> Iterator[Session]:
    name = f"PROPERTY_{uuid.uuid4().hex[:8].upper()}"
    session = Session.builder.configs(endpoint.connection_parameters("ADMINISTRATION")).create()
    session.sql(f"CREATE DATABASE {name}").collect()
    session.sql(f"CREATE SCHEMA IF NOT EXISTS {name}.PUBLIC").collect()
    session.close()
    session = Session.builder.configs(endpoint.connection_parameters(name)).create()
    prepare(session)
    yield session
    session.close()


@pytest.fixture(scope="session")
def bit_by_bit(endpoint: Endpoint) -> Iterator[Session]:
    """A session on the database that is fed run by run."""
    with _prepared(endpoint) as session:
        yield session


@pytest.fixture(scope="session")
def at_once(endpoint: Endpoint) -> Iterator[Session]:
    """A session on the database that is built once from everything."""
    with _prepared(endpoint) as session:
        yield session
