"""Messages through Snowpipe Streaming: each row once and counted, whatever the service refuses and whoever dies."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from flows.errors import ConfigError, TransientError
from flows.landing import LandedFile, land
from flows.load import loader, streaming
from flows.load.loader import load_pending
from flows.load.messages import Position, record_of
from flows.load.pipes import Landing, landing_of
from flows.load.streaming import Streaming
from flows.settings import Settings, SnowflakeSettings
from flows.warehouse import streaming as client
from tests.sources.streaming_service import Service
from transforms.engine.tables import create_table
from transforms.ops import HEADS, LOADS, POLLS, QUARANTINE, STREAM_POSITIONS
from transforms.raw.raw_stream_samples import TABLE

if TYPE_CHECKING:
    from snowflake.snowpark import Session

AT = datetime(2026, 11, 28, 8, tzinfo=UTC)


class Streamed:
    """A warehouse whose messages are streamed, and its service."""

    def __init__(self, session: Session, database: str, root: Path) -> None:
        self.session, self.database, self.root = session, database, root
        self.service = Service(session)
        for statement in (f"SCHEMA {database}.RAW", f"SCHEMA {database}.OPS", f"STAGE {database}.RAW.LANDING"):
            session.sql(f"CREATE {statement}").collect()
        for table in (TABLE, LOADS, POLLS, QUARANTINE, HEADS, STREAM_POSITIONS):
            create_table(session, table)
        self.begin()

    def begin(self) -> None:
        """As a process that has just started."""
        self.streaming = Streaming(lambda: self.service.open, wait_seconds=0.2)

    def land(self, *offsets: int, minute: int = 0, root: Path | None = None, title: str = "") -> LandedFile:
        records = [
            record_of(Position("t", "one", 0, offset), json.dumps(sample).encode(), None, None, 1000)
            for offset in offsets
            for sample in [{"stream_id": str(offset), "title": title if offset == offsets[-1] else ""}]
        ]
        landed = land(root or self.root, "kafka", "samples", AT + timedelta(minutes=minute), records)
        assert landed is not None
        return landed

    def load(self, root: Path | None = None) -> Any:
        landing = Landing(streaming=self.streaming)
        return load_pending(self.session, self.database, root or self.root, [TABLE], source="kafka", landing=landing)

    def offsets(self) -> list[int]:
        rows = self.session.table(TABLE.full_name(self.database)).select("record").collect()
        return sorted(json.loads(row[0])["_offset"] for row in rows)

    def counted(self, table: Any, *names: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.session.table(table.full_name(self.database)).select(*names).collect()]


@pytest.fixture
def streamed(session: Session, database: str, tmp_path: Path) -> Streamed:
    return Streamed(session, database, tmp_path / "landing")


def test_rows_are_sent_once_with_their_lineage_and_the_ledgers_count_them(streamed: Streamed):
    landed = streamed.land(*range(700))  # more than are sent at once
    assert streamed.load().rows_loaded == 700
    streamed.land(700, 701, minute=1)
    streamed.load()
    assert streamed.offsets() == list(range(702))
    assert (streamed.service.appended, len(streamed.service.opened)) == (702, 1)
    assert streamed.counted(STREAM_POSITIONS, "messages", "rows_loaded") == [(700, 700), (2, 2)]
    names = ("_source_file", "_source_row", "_snapshot_at")
    assert (landed.relative_path, 700, AT.replace(tzinfo=None)) in streamed.counted(TABLE, *names)


def test_rows_that_the_service_refuses_in_silence_go_by_copy_and_none_is_twice(streamed: Streamed):
    """The channel has moved past them without an error: only the count tells."""
    streamed.service.refuses = {3, 5}
    streamed.land(*range(8))
    assert streamed.load().rows_loaded == 8
    assert streamed.offsets() == list(range(8))
    assert streamed.counted(LOADS, "rows_loaded", "rows_rejected") == [(8, 0)]


def test_rows_that_the_client_cannot_write_go_by_copy_and_the_next_file_is_sent(
    streamed: Streamed, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(streaming, "_ROWS_AT_ONCE", 2)
    streamed.land(0, 1, 2)
    streamed.load()
    streamed.land(*range(3, 8), minute=1, title="\ud83d")  # half an emoji has no UTF-8 form
    streamed.land(8, minute=2)
    assert streamed.load().rows_loaded == 5
    assert streamed.offsets() == [*range(7), 8]
    assert sorted(streamed.counted(LOADS, "rows_loaded", "rows_rejected")) == [(1, 0), (3, 0), (4, 1)]
    assert streamed.service.appended == 3 + 4 + 1, "the last row of the file was not sent"
    assert len(streamed.service.opened) == 2, "what was under way of the file is ended"


def test_what_a_process_sent_before_it_died_is_not_sent_again(streamed: Streamed, monkeypatch: pytest.MonkeyPatch):
    streamed.land(*range(5))
    with monkeypatch.context() as patched:
        patched.setattr(loader, "append_rows", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            streamed.load()
    assert streamed.offsets() == list(range(5))  # and no ledger says so
    streamed.begin()
    streamed.load()
    assert streamed.offsets() == list(range(5))
    assert streamed.service.appended == 5
    assert streamed.counted(LOADS, "rows_loaded") == [(5,)]


def test_what_was_under_way_when_the_service_did_not_commit_is_taken_back_before_it_is_sent_again(streamed: Streamed):
    streamed.land(*range(5))
    streamed.service.is_down = True
    before = streamed.streaming
    with pytest.raises(TransientError, match="did not commit in time"):
        streamed.load()
    streamed.service.is_down = False
    assert before._channel is None, "the channel is taken anew, which ends what is under way"
    assert streamed.load().rows_loaded == 5
    assert streamed.offsets() == list(range(5))
    assert len(set(streamed.service.opened)) == 1 < len(streamed.service.opened)


def test_rows_of_a_batch_that_another_consumer_has_recorded_meanwhile_are_deleted(
    streamed: Streamed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    streamed.land(*range(5))
    with monkeypatch.context() as patched:
        patched.setattr(loader, "append_rows", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            streamed.load()
    other = tmp_path / "other"
    streamed.land(*range(5), minute=1, root=other)
    streamed.begin()
    streamed.load(other)
    assert streamed.offsets() == sorted([*range(5), *range(5)])
    streamed.land(5, minute=2)
    streamed.begin()
    streamed.load()
    assert streamed.offsets() == list(range(6))


def test_what_cannot_stream_is_told_before_anything_is_read(tmp_path: Path):
    settings = Settings(home=tmp_path, kafka_load_mode="snowpipe-streaming")
    streaming = landing_of(settings).streaming
    assert streaming
    with pytest.raises(ConfigError, match="the embedded warehouse has no Snowpipe Streaming"):
        streaming.prepare()
    login = {"account": "o-a", "user": "u"}
    account = settings.model_copy(
        update={"warehouse": "snowflake", "snowflake": SnowflakeSettings(**login, password=SecretStr("p"))}
    )
    with pytest.raises(ConfigError, match="by key pair only"):
        client.channel_opener(account, "RAW", "T")
