"""Fixtures of the flows: a Prefect server for all of them, a home per module, the command line in this process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.services import prefect_server
from flows.services.prefect_server import PrefectServer
from flows.settings import load_settings
from tests.conftest import unmeasured


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


Snowcast = Callable[..., Outcome]
SMALL_SANDBOX = {
    "SNOWCAST_SANDBOX_SCALE": "400",
    "SNOWCAST_SANDBOX_FIRST_POLLS": "3",
    "SNOWCAST_SANDBOX_CUSTOMERS": "60",
    "SNOWCAST_SANDBOX_FIRST_DELIVERIES": "2",
}


def calling(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Snowcast:
    """Runs commands of the command line in this process; keywords are variables of the environment."""
    from flows.cli import run

    def call(*arguments: str, **environment: str) -> Outcome:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = run(arguments)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of whoever runs the tests reaches them, and no `.env` of the working folder."""
    without_settings(monkeypatch, tmp_path)


def without_settings(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Leave no setting in the environment, and work in a folder without an `.env`; commands start no worker."""
    for name in list(os.environ):
        if name.startswith(("SNOWCAST_", "SNOWFLAKE_")) and name != "SNOWFLAKE_DISABLE_PLATFORM_DETECTION":
            monkeypatch.delenv(name)
    monkeypatch.setenv("SNOWCAST_RESIDENT", "false")
    monkeypatch.chdir(folder)


@pytest.fixture(scope="session")
def server_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the test run's Prefect server keeps its database."""
    return tmp_path_factory.mktemp("prefect_home")


@pytest.fixture(scope="package")
def server(server_home: Path) -> Iterator[PrefectServer]:
    """One real Prefect server for these tests, which ends when a worker has done its last of them."""
    with unmeasured():
        running = prefect_server.ensure_running(load_settings(home=server_home))
    yield running
    prefect_server.stop(server_home)


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SNOWCAST_HOME in whose warehouse every table is there and empty; its server is stopped."""
    from flows.warehouse import open_session, prepare

    folder = tmp_path_factory.mktemp("prepared_home")
    with pytest.MonkeyPatch.context() as patched:
        without_settings(patched, folder)
        settings = load_settings(home=folder)
        with serving(folder), open_session(settings) as session:
            prepare(session, settings)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, prepared_home: Path) -> Iterator[Path]:
    """A SNOWCAST_HOME with a prepared warehouse and a sandbox of its own, for the tests of one module."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copytree(prepared_home / "warehouse", folder / "warehouse")
    with serving(folder):
        yield folder


@contextmanager
def serving(folder: Path) -> Iterator[None]:
    """The warehouse of a home runs; at the end it is stopped, and the sandbox."""
    from deployments.embedded import ensure_running as start_warehouse, stop as stop_warehouse
    from deployments.sandbox import stop as stop_sandbox

    with unmeasured():
        start_warehouse(folder, threads=1)
    yield
    stop_warehouse(folder)
    stop_sandbox(folder)


@pytest.fixture
def snowcast(
    home: Path, server: PrefectServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Snowcast:
    """Run a command of the command line in this process, on the module's home and the test run's Prefect server."""
    given = {"SNOWCAST_HOME": str(home), "PREFECT_HOME": str(home / "prefect"), **SMALL_SANDBOX, **server.environment}
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    return calling(monkeypatch, capsys)
