"""What the tests of Amplitude's export share: a warehouse with its tables, and exports without long pauses."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from deployments.sandbox import SandboxServer
from deployments.sandbox.world.timestamps import HOUR, epoch
from flows.load.loader import load_pending
from flows.load.report import LoadReport
from flows.sources.amplitude.archive import ArchiveLimits
from flows.sources.amplitude.client import ExportClient, Project
from flows.sources.amplitude.export import Exported, Exporter
from flows.sources.amplitude.hours import Asked, HourLedger
from flows.sources.amplitude.personal import PersonalData
from flows.sources.source import Retries
from transforms.ops import DELIVERIES, EXPORT_HOURS, LOADS, POLLS, QUARANTINE

if TYPE_CHECKING:
    from snowflake.snowpark import Session

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOW = NOON + timedelta(hours=2, minutes=10)
FAST = Retries(attempts=3, first_wait_seconds=0.01, longest_wait_seconds=0.05, timeout_seconds=20)
PERSONAL = ("email",)


LEDGERS = (DELIVERIES, EXPORT_HOURS, LOADS, POLLS, QUARANTINE)


class Warehouse:
    """A database with what an export reads and writes."""

    def __init__(self, session: Session, database: str, root: Path) -> None:
        from transforms.raw import raw_amplitude_event_types, raw_amplitude_events, raw_amplitude_merged_ids

        self.session, self.database, self.root = session, database, root
        self.tables = [one.TABLE for one in (raw_amplitude_events, raw_amplitude_event_types, raw_amplitude_merged_ids)]

    def create(self) -> None:
        """Create the tables and the stage."""
        from transforms.engine.tables import create_table

        for what in ("SCHEMA {}.RAW", "SCHEMA {}.OPS", "STAGE {}.RAW.LANDING"):
            self.session.sql(f"CREATE {what.format(self.database)}").collect()
        for table in (*self.tables, *LEDGERS):
            create_table(self.session, table)

    def empty(self) -> None:
        """Empty the tables and the stage."""
        for table in (*self.tables, *LEDGERS):
            self.session.sql(f"DELETE FROM {table.full_name(self.database)}").collect()
        self.session.sql(f"REMOVE @{self.database}.RAW.LANDING").collect()

    def load(self) -> LoadReport:
        """Load what was landed."""
        return load_pending(self.session, self.database, self.root, self.tables)

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of a table, names in lower case."""
        found = self.session.table(f"{self.database}.{name}".upper()).collect()
        return [{column.lower(): value for column, value in row.as_dict().items()} for row in found]

    def events(self) -> list[dict[str, Any]]:
        """The events in RAW."""
        return [json.loads(row["record"]) for row in self.rows("raw.raw_amplitude_events")]

    def uuids(self) -> Counter[str]:
        """How often each upload is in RAW."""
        return Counter(event["uuid"] for event in self.events())

    def states(self) -> dict[str, tuple[str, int]]:
        """Newest state and attempts of each hour, by its name."""
        return {name: (row["state"], int(row["attempts"])) for name, row in self._newest()}

    def notes(self) -> dict[str, str]:
        """The newest note on each hour, by its name."""
        return {name: row["note"] or "" for name, row in self._newest()}

    def _newest(self) -> Iterator[tuple[str, dict[str, Any]]]:
        rows = sorted(self.rows("ops.export_hours"), key=lambda row: row["asked_at"])
        newest = {row["hour_at"]: row for row in rows}
        yield from ((f"{hour:%dT%H}", newest[hour]) for hour in sorted(newest))


@dataclass
class Account:
    """The sandbox's project as somebody exports it into a warehouse."""

    sandbox: SandboxServer
    warehouse: Warehouse
    home: Path
    name: str = "project"
    key: SecretStr | None = None

    @property
    def project(self) -> Project:
        """The project, with its keys."""
        amplitude = self.sandbox.amplitude
        return Project(
            self.name, self.sandbox.amplitude_url, SecretStr(amplitude.api_key), SecretStr(amplitude.secret_key)
        )

    @property
    def ledger(self) -> HourLedger:
        """Its hours, as they are by now."""
        return HourLedger(self.warehouse.session, self.warehouse.database, self.warehouse.root, self.name)

    def export(
        self,
        now: datetime = NOW,
        *,
        first_hours: int = 6,
        window_hours: int = 24,
        limits: ArchiveLimits | None = None,
        load: bool = True,
        **asked: Any,
    ) -> Exported:
        """Export what is due, with the sandbox's clock at that time, and load it."""
        self.sandbox.set_clock(now)
        ledger = self.ledger
        hours = ledger.due(now, first_hours, Asked(**asked))
        with ExportClient(self.project, self.home, limits=limits, retries=FAST, sleep=lambda _: None) as client:
            exporter = Exporter(client, ledger, self.warehouse.root, PersonalData(PERSONAL, self.key))
            exported = exporter.export(hours, window_hours)
        if load:
            self.warehouse.load()
        return exported

    def uploaded(self, first: datetime, count: int) -> Counter[str]:
        """Every upload of these hours, as the world has them."""
        return Counter(record["uuid"] for record in self.records(first, count))

    def records(self, first: datetime, count: int) -> Iterator[dict[str, Any]]:
        """The records of these hours, as the world has them."""
        begin = epoch(first) // HOUR
        for hour in range(begin, begin + count):
            yield from self.sandbox.product_events.of_hour(hour)


def named(*hours: datetime) -> list[str]:
    """Hours as `states` names them."""
    return [f"{hour:%dT%H}" for hour in hours]
