"""A warehouse and an account of Amplitude for the tests of its export."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deployments.sandbox import SandboxServer
from flows.settings import load_settings
from tests.sources.amplitude import NOON, Account, Warehouse

if TYPE_CHECKING:
    from deployments.embedded import Endpoint


FIRST = NOON - timedelta(hours=6)


EXPORT = "/amplitude/api/2/export"


def at(hour: int) -> datetime:
    return NOON.replace(hour=hour)


def hour_name(hour: int) -> str:
    return f"{at(hour):%Y%m%dT%H}"


@pytest.fixture(scope="session")
def _warehouse(endpoint: Endpoint) -> Iterator[Warehouse]:
    from snowflake.snowpark import Session

    name = f"AMPLITUDE_{uuid.uuid4().hex[:12].upper()}"
    session = Session.builder.configs(endpoint.connection_parameters(name)).create()
    warehouse = Warehouse(session, name, Path())
    warehouse.create()
    yield warehouse
    session.sql(f"DROP DATABASE IF EXISTS {name}").collect()
    session.close()


@pytest.fixture
def warehouse(_warehouse: Warehouse, tmp_path: Path) -> Warehouse:
    _warehouse.empty()
    _warehouse.root = tmp_path / "landing"
    return _warehouse


@pytest.fixture
def account(sandbox: SandboxServer, warehouse: Warehouse, tmp_path: Path) -> Account:
    return Account(sandbox, warehouse, tmp_path)


def all_text(warehouse: Warehouse, home: Path) -> str:
    """Everything that was written down: landing and stage files, unpacked, and every table."""
    texts = []
    for path in home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            texts.append(gzip.decompress(content).decode() if content[:2] == b"\x1f\x8b" else content.decode("latin-1"))
    names = [f"raw.{table.name}" for table in warehouse.tables]
    names += ["ops.export_hours", "ops.loads", "ops.quarantine", "ops.deliveries"]
    texts += [str(warehouse.rows(name)) for name in names]
    return "\n".join(texts)


def settings_of(account: Account):
    return load_settings(home=account.home, database=account.warehouse.database)
