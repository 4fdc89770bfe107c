"""Fixtures of the alerts: a webhook per test, and a database with what alerts read, emptied per test."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from snowflake.snowpark import Session

from deployments.embedded import Endpoint
from expectations.rules.schemas import list_declared_columns
from flows.publish_to.slack.alerts import Told, tell
from flows.settings import Settings, load_settings
from tests.alerts.receiver import Receiver, receiving
from tests.publish.conftest import Silent
from transforms.catalog import models
from transforms.contract import Table
from transforms.engine import tables
from transforms.ops import ALERTS

NOW = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
_READ = (
    *("mart_viewer_spikes", "stg_stream_samples", "stg_twitch_streams", "channel_history", "mart_concurrent_viewers"),
    "int_stream_observations",
)


def ago(minutes: float) -> datetime:
    """That many minutes before NOW."""
    return NOW.replace(tzinfo=None) - timedelta(minutes=minutes)


@pytest.fixture(autouse=True)
def _silence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("flows.reporting._reporter", Silent())
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@dataclass(frozen=True)
class Warehouse:
    """What alerts read, in a database of its own."""

    session: Session
    database: str
    home: Path

    def put(self, name: str, *rows: dict[str, Any]) -> None:
        """Put rows into a table as its build leaves them; columns that are not named are NULL."""
        table = models()[name].table
        given = [{"_build_id": "b", "_source_file": "f", "_source_row": 1, "_load_id": "l", **row} for row in rows]
        kinds = list_declared_columns(table)
        values = ", ".join(f"item.value:{column}::{kind.split('(')[0]}" for column, kind in kinds.items())
        text = (
            f"INSERT INTO {table.full_name(self.database)} ({', '.join(kinds)}) "
            f"SELECT {values} FROM TABLE(FLATTEN(INPUT => PARSE_JSON(?))) item"
        )
        self.session.sql(text, params=[json.dumps(given, default=str)]).collect()

    def spike(self, stream_id: str, began: float, **changes: Any) -> None:
        """A spike that began so many minutes ago and lasts, with the sample by which it began."""
        started_at, key = ago(began), changes.get("spike_key", f"spike_{stream_id}")
        episode = {
            **{"spike_key": key, "platform": "twitch", "stream_id": stream_id, "streamer_key": f"key_{stream_id}"},
            **{"streamer_id": stream_id, "game_id": "g", "started_at": started_at, "spike_rule": "ratio"},
            **{"usual_viewers": 200.0, "first_viewers": 1000, "peak_viewers": 1200, "peak_at": started_at},
            **{"spike_samples": 1, "last_spike_at": started_at, "is_open": True},
        }
        self.put("mart_viewer_spikes", {**episode, **changes})
        named = {"streamer_login": f"login_{stream_id}", "streamer_name": f"Name {stream_id}", "game_name": "Chess"}
        sample = {"platform": "twitch", "stream_id": stream_id, "viewer_count": 1000, "title": "hello", **named}
        self.put("stg_stream_samples", {**sample, "collected_at": started_at, "has_no_viewers": False})

    def close(self, stream_id: str, closed: float) -> None:
        """The spike of a stream is over."""
        table = models()["mart_viewer_spikes"].table.full_name(self.database)
        self.session.sql(
            f"UPDATE {table} SET closed_at = '{ago(closed)}'::TIMESTAMP_NTZ, closed_viewers = 190, is_open = FALSE "
            f"WHERE stream_id = '{stream_id}'"
        ).collect()

    def ledger(self) -> list[tuple[Any, ...]]:
        """(spike_key, kind, attempt, state, reason) of every row."""
        rows = self.session.table(ALERTS.full_name(self.database)).collect()
        order = ("decided", "pending", "released", "dropped", "rejected", "sent")
        found = [(row.SPIKE_KEY, row.KIND, int(row.ATTEMPT), row.STATE, row.REASON) for row in rows]
        return sorted(found, key=lambda row: (row[0], row[1] != "spike", row[2], order.index(row[3])))

    def states(self) -> list[tuple[Any, ...]]:
        """(kind, attempt, state) of every row."""
        return [row[1:4] for row in self.ledger()]


@pytest.fixture(scope="module")
def _warehouse(endpoint: Endpoint, warehouse_home: Path) -> Iterator[Warehouse]:
    name = f"ALERTS_{uuid.uuid4().hex[:12].upper()}"
    session = Session.builder.configs(endpoint.connection_parameters(name)).create()
    for schema in ("OPS", "STAGING", "MARTS", "HISTORY", "PUBLIC"):
        session.sql(f"CREATE SCHEMA IF NOT EXISTS {name}.{schema}").collect()
    for table in _tables():
        tables.create_table(session, table)
    yield Warehouse(session, name, warehouse_home)
    session.sql(f"DROP DATABASE IF EXISTS {name}").collect()
    session.close()


@pytest.fixture
def warehouse(_warehouse: Warehouse) -> Warehouse:
    for table in _tables():
        _warehouse.session.sql(f"DELETE FROM {table.full_name(_warehouse.database)}").collect()
    return _warehouse


@pytest.fixture
def settings(warehouse: Warehouse, receiver: Receiver) -> Settings:
    """Settings that send to the receiver, without long pauses."""
    return settings_for(warehouse, receiver.url)


def settings_for(warehouse: Warehouse, url: str | None, **changes: Any) -> Settings:
    given = {"slack_webhook_url": url, "slack_retry_seconds": 0.01, "slack_timeout_seconds": 0.5}
    return load_settings(home=warehouse.home, database=warehouse.database, **(given | changes))


def telling(warehouse: Warehouse, settings: Settings, minutes: float = 0, **how: Any) -> Told:
    """Tell, so many minutes after NOW."""
    at = NOW + timedelta(minutes=minutes)
    return tell(warehouse.session, settings, run_id=f"run_{minutes:g}", now=at, **how)


def _tables() -> list[Table]:
    return [*(models()[name].table for name in _READ), ALERTS]
