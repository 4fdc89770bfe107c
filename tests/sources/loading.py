"""A warehouse with what a load writes, and the places at which a load is made to crash."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from flows.landing import LandedFile, land
from flows.load.loader import load_pending
from flows.load.report import LoadReport

if TYPE_CHECKING:
    from snowflake.snowpark import Session


AT = datetime(2026, 11, 1, 18, 0, 0, 123000, tzinfo=UTC)


class Warehouse:
    """The test's database, with the tables that a load writes."""

    def __init__(self, session: Session, database: str, root: Path) -> None:
        from transforms.engine.tables import create_table
        from transforms.ops import LOADS, POLLS, QUARANTINE
        from transforms.raw import raw_twitch_games, raw_twitch_streams, raw_twitch_users

        self.session, self.database, self.root = session, database, root
        self.tables = [raw_twitch_streams.TABLE, raw_twitch_users.TABLE, raw_twitch_games.TABLE]
        for statement in (f"SCHEMA {database}.RAW", f"SCHEMA {database}.OPS", f"STAGE {database}.RAW.LANDING"):
            session.sql(f"CREATE {statement}").collect()
        for table in (*self.tables, LOADS, POLLS, QUARANTINE):
            create_table(session, table)

    def load(self) -> LoadReport:
        return load_pending(self.session, self.database, self.root, self.tables)

    def land(self, entity: str, records: list[Any], at: datetime = AT) -> LandedFile:
        landed = land(self.root, "twitch", entity, at, records)
        assert landed is not None
        return landed

    def rows(self, name: str) -> list[dict[str, Any]]:
        found = self.session.table(f"{self.database}.{name}".upper()).collect()
        return [{column.lower(): value for column, value in row.as_dict().items()} for row in found]

    def records(self, name: str = "raw.raw_twitch_streams") -> list[Any]:
        rows = sorted(self.rows(name), key=lambda row: (row["_source_file"], row["_source_row"]))
        return [json.loads(row["record"]) for row in rows]


CRASHES = [
    pytest.param("put_files", "before", id="before-put"),
    pytest.param("put_files", "after", id="after-put"),
    pytest.param("copy_files", "before", id="before-copy"),
    pytest.param("copy_files", "after", id="after-copy"),
    pytest.param("append_rows", "before", id="before-ledger"),
    pytest.param("append_rows", "after", id="after-ledger"),
]


class Crash(BaseException):
    """Stands for the process's death: nothing after it runs, the open transaction is never committed."""
