"""One simulated platform for all tests of the sources, and a server of it, with its own faults, per test."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from deployments.sandbox import SandboxServer, World
from deployments.sandbox.amplitude.export import ProductEvents
from flows.files.convert import deliver_files
from flows.files.known_files import DeliveredBefore
from flows.files.locations import FileLocation
from flows.files.report import FileReport
from flows.landing import LandedFile
from flows.sources.source import Retries
from flows.sources.twitch.files import HELIX_FILES
from flows.sources.twitch.poll import TwitchConfig
from tests.sources.azurite import PROGRAM as AZURITE

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from flows.services.broker import BrokerEndpoint
    from tests.sources.topic import Stream

# Azurite comes from npm, which a machine may lack: its tests are collected where it is installed.
collect_ignore = [] if AZURITE.exists() else ["test_azure_places.py"]
FAST = Retries(attempts=4, first_wait_seconds=0.01, longest_wait_seconds=0.05, timeout_seconds=2)


@pytest.fixture(scope="session")
def world() -> World:
    return World(seed=15, scale=4000)


@pytest.fixture(scope="session")
def product_events(world: World) -> ProductEvents:
    """What the world's apps uploaded: a day of it takes a quarter of a second to make."""
    return ProductEvents(world)


@pytest.fixture
def sandbox(world: World, product_events: ProductEvents) -> Iterator[SandboxServer]:
    named = {"client_id": "snowcast-tests", "client_secret": "s3cret-of-tests"}
    with SandboxServer(world, **named, product_events=product_events) as server:
        yield server


@pytest.fixture
def config_of(sandbox: SandboxServer) -> Callable[..., TwitchConfig]:
    """Makes a configuration that polls the sandbox."""

    def make(**changes: Any) -> TwitchConfig:
        values: dict[str, Any] = {
            "client_id": sandbox.client_id,
            "client_secret": SecretStr(sandbox.client_secret),
            "base_url": sandbox.base_url,
            "auth_url": sandbox.auth_url,
            "top_streams": 250,
            "retries": FAST,
        }
        return TwitchConfig(**(values | changes))

    return make


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerEndpoint]:
    """One broker for all tests; each has a topic and a group of its own."""
    from flows.services.broker import ensure_broker, stop_broker

    home = tmp_path_factory.mktemp("broker")
    yield ensure_broker(home)
    stop_broker(home)


@pytest.fixture
def short_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client waits for as long as a poll may take, unless a thousand messages come."""
    from flows.sources.kafka import consumer

    monkeypatch.setattr(consumer, "_POLL_SECONDS", 0.1)


@pytest.fixture
def stream(session: Session, database: str, tmp_path: Path, broker: BrokerEndpoint, short_polls: None) -> Stream:
    from tests.sources.topic import Stream

    return Stream(session, database, tmp_path / "home", broker)


def land_helix_files(
    path: Path, landing_root: Path, *, loaded: Collection[str] = (), **options: Any
) -> list[FileReport]:
    """What becomes of Helix files, by name; RAW holds the landing files `loaded`."""
    known = DeliveredBefore(landing_root, HELIX_FILES.source, loaded)
    reports = deliver_files(HELIX_FILES, FileLocation(str(path)), landing_root, known, **options)
    return sorted(reports, key=lambda report: report.file)


def records_in(root: Path, landed: LandedFile) -> list[Any]:
    """What a landing file holds."""
    with gzip.open(root / landed.relative_path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def visible_files(root: Path) -> list[str]:
    """Every file under the landing root that a reader would see."""
    return sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and not path.relative_to(root).as_posix().startswith(".")
    )
