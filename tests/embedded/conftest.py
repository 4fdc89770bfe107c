"""A warehouse whose process is measured for coverage; a stage and a table of variants, for tests of COPY."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import IDLE_SECONDS
from tests.embedded.files import run

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

    from deployments.embedded import Endpoint
    from deployments.embedded.session.connection import EmbeddedConnection


@pytest.fixture(scope="session")
def warehouse_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The SNOWCAST_HOME of these tests; its warehouse is stopped at the end."""
    from deployments.embedded import stop

    home = tmp_path_factory.mktemp("embedded_home")
    yield home
    stop(home)


@pytest.fixture(scope="session")
def endpoint(warehouse_home: Path) -> Endpoint:
    """The running warehouse of these tests."""
    from deployments.embedded import ensure_running

    return ensure_running(warehouse_home, idle_seconds=IDLE_SECONDS)


@pytest.fixture(scope="session")
def _administrator(endpoint: Endpoint) -> Iterator[SnowflakeConnection]:
    """A login that makes and drops the databases of these tests."""
    import snowflake.connector

    with snowflake.connector.connect(**endpoint.connection_parameters("ADMINISTRATION")) as connection:
        yield connection


@pytest.fixture
def stage(connection: SnowflakeConnection) -> str:
    """A new stage, as statements name it."""
    run(connection, "CREATE STAGE S")
    return "@S"


@pytest.fixture
def variants(connection: SnowflakeConnection) -> str:
    """A new table with one VARIANT column, R."""
    run(connection, "CREATE TABLE T (R VARIANT)")
    return "T"


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedConnection]:
    """A session of a warehouse in this process, without its server (`session` is Snowpark's)."""
    from deployments.embedded.process.paths import WarehousePaths
    from deployments.embedded.session.connection import EmbeddedConnection
    from deployments.embedded.session.engine import Engine

    paths = WarehousePaths(tmp_path_factory.mktemp("known_types"))
    for folder in (paths.databases, paths.stages, paths.spilled):
        folder.mkdir(parents=True)
    engine = Engine(paths, threads=1)
    engine.databases.create("D")
    connection = EmbeddedConnection(engine, database="D")
    yield connection
    connection.close()
    engine.close()
