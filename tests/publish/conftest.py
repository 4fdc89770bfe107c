"""Fixtures of publishing: a receiver per test, and a database with the streams and the ledger, emptied per test."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from snowflake.snowpark import Session

from deployments.embedded import Endpoint
from deployments.sandbox import SandboxServer, World
from flows.reporting import Mark
from flows.settings import Settings, load_settings
from transforms.catalog import models
from transforms.engine import tables
from transforms.ops import PUBLICATIONS

T0 = datetime(2020, 6, 20, 18, 47, 14)
STREAMS = ("streamer_activity", "viewer_activity")


@pytest.fixture(scope="session")
def world() -> World:
    return World(seed=7, scale=200)


class Silent:
    """Takes what steps report and tells nobody."""

    def show_progress(self, step: str, detail: str) -> None: ...

    def show_result(self, step: str, detail: str, mark: Mark = "ok") -> None: ...


@pytest.fixture(autouse=True)
def _silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.reporting._reporter", Silent())


@pytest.fixture
def receiver(world: World) -> Iterator[SandboxServer]:
    with SandboxServer(world) as server:
        yield server


@dataclass(frozen=True)
class Warehouse:
    """The streams and the ledger, in a database of their own."""

    session: Session
    database: str
    home: Path

    def add(self, stream: str, *rows: dict[str, Any]) -> None:
        """Put rows into a stream as its build leaves them; what a row does not say is ordinary."""
        given = [{**_ordinary(row), **row} for row in rows]
        names = tuple({name: None for row in given for name in row})
        types = {"ts": "TIMESTAMP_NTZ", "feature_json": "VARIANT", "revenue_impact": "NUMBER(18, 2)"}
        values = ", ".join(
            f"item.value:{name}" if name == "feature_json" else f"item.value:{name}::{types.get(name, 'VARCHAR')}"
            for name in names
        )
        target = models()[stream].table.full_name(self.database)
        self.session.sql(
            f"INSERT INTO {target} ({', '.join(names)}, activity_occurrence, _build_id) "
            f"SELECT {values}, 1, 'build' FROM TABLE(FLATTEN(INPUT => PARSE_JSON(?))) item",
            params=[json.dumps(given, default=str)],
        ).collect()

    def ledger(self) -> list[tuple[Any, ...]]:
        """(activity_id, attempt, status, reason) of every row, in that order."""
        rows = self.session.table(PUBLICATIONS.full_name(self.database)).collect()
        return sorted((row.ACTIVITY_ID, int(row.ATTEMPT), row.STATUS, row.REASON or "") for row in rows)

    def statement(self, text: str) -> list[Any]:
        """Run a statement; `{ledger}` and the names of the streams are full names."""
        tables = {name: models()[name].table.full_name(self.database) for name in STREAMS}
        return list(self.session.sql(text.format(ledger=PUBLICATIONS.full_name(self.database), **tables)).collect())


def _ordinary(row: dict[str, Any]) -> dict[str, Any]:
    person = row.get("customer") or row.get("anonymous_customer_id") or "livelogs:9f1c2d34"
    return {
        "ts": T0,
        "customer": None if row.get("anonymous_customer_id") else person,
        "activity": "gift_sent",
        "feature_json": {},
        "person": person,
    }


@pytest.fixture(scope="module")
def _warehouse(endpoint: Endpoint, warehouse_home: Path) -> Iterator[Warehouse]:
    name = f"PUBLISH_{uuid.uuid4().hex[:12].upper()}"
    session = Session.builder.configs(endpoint.connection_parameters(name)).create()
    for schema in ("OPS", "ACTIVITY", "PUBLIC"):
        session.sql(f"CREATE SCHEMA IF NOT EXISTS {name}.{schema}").collect()
    for table in (*(models()[stream].table for stream in STREAMS), PUBLICATIONS):
        tables.create_table(session, table)
    yield Warehouse(session, name, warehouse_home)
    session.sql(f"DROP DATABASE IF EXISTS {name}").collect()
    session.close()


@pytest.fixture
def warehouse(_warehouse: Warehouse) -> Warehouse:
    for text in ("DELETE FROM {ledger}", *(f"DELETE FROM {{{stream}}}" for stream in STREAMS)):
        _warehouse.statement(text)
    return _warehouse


@pytest.fixture
def settings(
    warehouse: Warehouse, receiver: SandboxServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Settings:
    """Settings that publish from the warehouse to the receiver, without long pauses."""
    monkeypatch.chdir(tmp_path)
    return load_settings(
        home=warehouse.home,
        database=warehouse.database,
        amplitude_host=receiver.amplitude_url,
        amplitude_api_key=receiver.amplitude.api_key,
        amplitude_retry_seconds=0.03,
        amplitude_project="project",
    )


def gifts(count: int, **changes: Any) -> list[dict[str, Any]]:
    """That many gifts of a few people, a second apart."""
    return [
        {
            "activity_id": f"gift_{number:04}",
            "ts": T0 + timedelta(seconds=number),
            "customer": f"livelogs:viewer_{number % 7}",
            "feature_json": {"points": number, "gift_name": None if number % 5 else "Rose"},
            "revenue_impact": 0.5 if number % 2 else None,
            **changes,
        }
        for number in range(count)
    ]


def held_ids(receiver: SandboxServer) -> list[str]:
    return sorted(event["insert_id"] for event in receiver.amplitude.held.events)


def as_text(event: dict[str, Any]) -> str:
    return json.dumps(event, sort_keys=True)
