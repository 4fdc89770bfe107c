"""Fixtures for every test: one embedded warehouse per test run (and xdist worker), a database of its own per test.

The libraries are imported where a fixture needs them, so that a test without the warehouse does not pay for them.
"""

from __future__ import annotations

import gc
import sys
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.snowpark import Session

    from deployments.embedded import Endpoint


# A warehouse that leaves in the middle of a run keeps the connector asking for it, for ever.
IDLE_SECONDS = 3 * 3600
TESTS = Path(__file__).parent
_TABLES = tuple(
    f"unit/{part}" for part in ("activity", "engine", "history", "marts", "product", "scd2", "staging", "test_stored")
)
# Measuring makes a process twice as dear with Python 3.11. What these take the ways of in their own process, other
# tests reach too: without them a hundredth less is covered (`--cov-context=test` tells which), so what is told is the
# least that is covered.
UNMEASURED = (
    *("alerts/test_alerts.py", "properties", "sandbox", "scenarios", "test_architecture.py", *_TABLES),
    *("dashboard/test_browser.py", "docs_site/test_browser.py", "embedded/test_clients.py"),
    *(f"expectations/test_{part}.py" for part in ("every_rule_can_fail", "sources", "validation")),
    *(
        f"flows/test_{part}.py"
        for part in (
            *("billing_ingest", "blocking", "costs", "deployments", "hostile_account", "kills", "parallel"),
            *("preparing", "unchecked"),
        )
    ),
    *(
        f"sources/{part}.py"
        for part in (
            *("amplitude_export/test_broken_hours", "amplitude_export/test_hours", "test_deliveries", "test_kafka"),
            *("test_landing", "test_landing_places", "test_loading", "test_odd_files"),
        )
    ),
)
# Commands and servers that are started as processes here are the ones that other tests have in their own process.
WITH_UNMEASURED_PROCESSES = (
    *("alerts", "docs_site", "expectations", "flows", "properties", "publish", "scenarios", "sources", *_TABLES),
    *("embedded/test_crash.py", "embedded/test_lifecycle.py", "embedded/test_recovery.py"),
)


def pytest_configure() -> None:
    """No example of a property has a deadline, and Python looks for garbage rarely.

    A deadline fails where the machine has something else to do; after each 700 new objects to look for garbage costs
    every test a sixth of its time.
    """
    from hypothesis import settings

    settings.register_profile("untimed", deadline=None)
    settings.load_profile("untimed")
    gc.set_threshold(100_000, 10, 10)


def pytest_collection_finish() -> None:
    """What was imported and collected stays, and is not looked through again."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Flows first, whose Prefect server then ends early; files with lengthy tests before others.

    A server that nobody asks takes a fiftieth of a core, and a worker that begins a lengthy file last keeps the others
    waiting.
    """
    lengthy = {item.path for item in items if item.get_closest_marker("lengthy")}
    items.sort(key=lambda item: (TESTS / "flows" not in item.path.parents, item.path not in lengthy))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool | None, bool | None]:
    """Do not measure what only repeats the ways of other tests."""
    path = item.path.relative_to(TESTS).as_posix()
    with (
        _paused() if path.startswith(UNMEASURED) else nullcontext(),
        unmeasured() if path.startswith(WITH_UNMEASURED_PROCESSES) else nullcontext(),
    ):
        return (yield)


@contextmanager
def unmeasured() -> Iterator[None]:
    """Processes that are started here are not measured for coverage, which would slow them down."""
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        patched.delenv("COVERAGE_PROCESS_START", raising=False)
        yield


@contextmanager
def _paused() -> Iterator[None]:
    """This process is not measured here.

    pytest-cov measures a worker twice, as a worker and as if it had workers: the second goes on where the first stops.
    """
    coverage = sys.modules.get("coverage")
    stopped = []
    while coverage and (measuring := coverage.Coverage.current()):
        measuring.stop()
        stopped.append(measuring)
    yield
    for measuring in reversed(stopped):
        measuring.start()


@pytest.fixture(scope="session")
def warehouse_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The SNOWCAST_HOME of this test run; its warehouse is stopped at the end."""
    from deployments.embedded import stop

    home = tmp_path_factory.mktemp("snowcast_home")
    yield home
    stop(home)


@pytest.fixture(scope="session")
def endpoint(warehouse_home: Path) -> Endpoint:
    """The running warehouse of this test run; what its process does, tests/embedded measures with one of its own.

    Its statements are small: with more than one thread they cost a fifth more.
    """
    from deployments.embedded import ensure_running
    from flows.warehouse.spared import spare_unread_work

    spare_unread_work()
    with unmeasured():
        return ensure_running(warehouse_home, idle_seconds=IDLE_SECONDS, threads=1)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """moto's S3 on loopback, one per test run."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_variables(s3_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """The environment in which moto's S3 is found; it is emptied first."""
    import httpx

    variables = {
        "AWS_ENDPOINT_URL_S3": s3_server,
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "hush-hush",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_MAX_ATTEMPTS": "1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    httpx.post(f"{s3_server}/moto-api/reset").raise_for_status()
    return variables


@pytest.fixture(scope="session")
def azure_connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A connection string of Azure's stand-in on loopback, one per test run; for tests that know it is installed."""
    from tests.sources.azurite import running_azurite

    with running_azurite(tmp_path_factory.mktemp("azurite")) as connection:
        yield connection


@pytest.fixture(scope="session")
def _administrator(endpoint: Endpoint) -> Iterator[SnowflakeConnection]:
    """A login that makes and drops the databases of the tests."""
    import snowflake.connector

    with snowflake.connector.connect(**endpoint.connection_parameters("ADMINISTRATION")) as connection:
        yield connection


@pytest.fixture
def database(_administrator: SnowflakeConnection) -> Iterator[str]:
    """A new, empty database with a schema PUBLIC; it is dropped when the test is over."""
    name = f"TEST_{uuid.uuid4().hex[:12].upper()}"
    _administrator.cursor().execute(f"CREATE DATABASE {name}")
    _administrator.cursor().execute(f"CREATE SCHEMA IF NOT EXISTS {name}.PUBLIC")
    yield name
    _administrator.cursor().execute(f"DROP DATABASE IF EXISTS {name}")


@pytest.fixture
def connection_parameters(endpoint: Endpoint, database: str) -> dict[str, Any]:
    """What a Snowflake client needs to connect to the test's database."""
    return endpoint.connection_parameters(database)


@pytest.fixture
def connection(connection_parameters: dict[str, Any]) -> Iterator[SnowflakeConnection]:
    """A plain connector's connection to the test's database."""
    import snowflake.connector

    with snowflake.connector.connect(**connection_parameters) as opened:
        yield opened


@pytest.fixture
def session(connection_parameters: dict[str, Any]) -> Iterator[Session]:
    """A Snowpark session on the test's database."""
    from snowflake.snowpark import Session

    opened = Session.builder.configs(connection_parameters).create()
    opened.telemetry_enabled = False
    yield opened
    opened.close()
