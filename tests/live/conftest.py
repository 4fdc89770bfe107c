"""A database of its own in the account that SNOWFLAKE_* names, dropped at the end; the command line in this process."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.services import prefect_server
from flows.settings import load_settings
from tests.flows.conftest import SMALL_SANDBOX, Snowcast, calling, without_settings

LOGIN = "SNOWFLAKE_"


@pytest.fixture(scope="session")
def account() -> dict[str, str]:
    """The variables of the login, as whoever runs the tests has set them."""
    given = {name: value for name, value in os.environ.items() if name.startswith(LOGIN)}
    if "SNOWFLAKE_ACCOUNT" not in given:
        pytest.skip("set SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER and a key: tests/live/README.md")
    return given


@pytest.fixture(scope="session")
def live(account: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of all live tests: a home, a Prefect server, a new name for the database; it is dropped."""
    home = tmp_path_factory.mktemp("live_home")
    with pytest.MonkeyPatch.context() as patched:
        without_settings(patched, home)
        server = prefect_server.ensure_running(load_settings(home=home))
    given = {
        **account,
        "SNOWCAST_WAREHOUSE": "snowflake",
        "SNOWCAST_DATABASE": f"SNOWCAST_LIVE_{uuid.uuid4().hex[:8].upper()}",
        "SNOWCAST_HOME": str(home),
        "PREFECT_HOME": str(home / "prefect"),
        **SMALL_SANDBOX,
        **server.environment,
    }
    yield given
    take_away(given, home)
    prefect_server.stop(home)


def take_away(given: dict[str, str], home: Path) -> None:
    """Drop the database, whatever became of the tests, and stop the simulated sources."""
    from deployments.sandbox import stop
    from flows.warehouse import open_session

    stop(home)
    with pytest.MonkeyPatch.context() as patched:
        for name, value in given.items():
            patched.setenv(name, value)
        settings = load_settings()
        assert settings.database.startswith("SNOWCAST_LIVE_"), "nothing else is ever dropped"
        with open_session(settings) as session:
            session.sql(f"DROP DATABASE IF EXISTS {settings.database}").collect()


@pytest.fixture
def snowcast(
    live: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Snowcast:
    """Run a command of the command line in this process, against the account."""
    without_settings(monkeypatch, tmp_path)
    for name, value in live.items():
        monkeypatch.setenv(name, value)
    return calling(monkeypatch, capsys)
