"""Messages through Snowpipe Streaming: each row once and counted, whatever the service refuses and whoever dies.

The service here is a stand-in with the interface of Snowflake's client, over the embedded warehouse: it commits what
was appended when it is waited for, refuses rows without an error, and gives a channel to whoever opened it last.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
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
from tests.sources import streaming_client
from transforms.engine.ledgers import append_rows
from transforms.engine.tables import create_table
from transforms.ops import HEADS, LOADS, POLLS, QUARANTINE, STREAM_POSITIONS
from transforms.raw.raw_stream_samples import TABLE

if TYPE_CHECKING:
    from snowflake.snowpark import Session

AT = datetime(2026, 11, 28, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Status:
    rows_error_count: int
    last_error_message: str | None


class RefusedError(Exception):
    """As the client raises them."""

    def __init__(self, message: str, http_status_code: int) -> None:
        super().__init__(message)
        self.message, self.http_status_code = message, http_status_code


@dataclass
class Service:
    """The service with its channels.

    Args:
        session: Where RAW is.
        refuses: Offsets of messages that it refuses.
        is_down: It does not commit.
        opened: Names of the channels, in the order of their opening.
        appended: Rows that were appended, over all channels.
    """

    session: Session
    refuses: set[int] = field(default_factory=set)
    is_down: bool = False
    opened: list[str] = field(default_factory=list)
    appended: int = 0
    errors: int = 0

    def open(self, name: str) -> Channel:
        self.opened.append(name)
        return Channel(self, len(self.opened))


class Channel:
    def __init__(self, service: Service, number: int) -> None:
        self.service, self.number = service, number
        self.waiting: list[dict[str, Any]] = []
        self.token: str | None = None
        self.is_closed = False

    def append_rows(
        self,
        rows: list[dict[str, Any]],
        start_offset_token: str | None = None,
        end_offset_token: str | None = None,
    ) -> None:
        assert not self.is_closed
        try:
            written = json.dumps(rows, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"Failed to serialize rows to JSON: {error}") from error
        self.service.appended += len(rows)
        self.waiting += json.loads(written)
        self.token = end_offset_token or self.token

    def wait_for_commit(self, token_checker: Callable[[str | None], bool], timeout_seconds: int | None = None) -> None:
        if self.service.is_down:
            raise TimeoutError("Wait for commit timed out")
        self.commit()
        assert token_checker(self.token)

    def commit(self) -> None:
        if self.number != len(self.service.opened):  # somebody else has opened the channel since
            raise RefusedError("the channel is invalid", 409)
        rows, self.waiting = self.waiting, []
        taken = [row for row in rows if row["RECORD"]["_offset"] not in self.service.refuses]
        self.service.errors += len(rows) - len(taken)
        times = ("_SNAPSHOT_AT", "_LOADED_AT")
        read = [{**row, **{name: datetime.fromisoformat(row[name]) for name in times}} for row in taken]
        append_rows(self.service.session, TABLE, [{name.lower(): value for name, value in one.items()} for one in read])

    def get_channel_status(self) -> Status:
        return Status(self.service.errors, "a value is too long" if self.service.errors else None)

    def close(self, drop: bool = False, wait_for_flush: bool = True, timeout_seconds: int | None = None) -> None:
        self.is_closed = True


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


def test_the_client_is_given_the_key_pair_of_the_account():
    key = {"private_key_file": "k.p8", "private_key_file_pwd": "secret"}
    login = {"account": "O-A", "user": "u", "role": "LOADER", "database": "D", "port": 443, **key}
    assert client._properties(login) == {
        "account": "O-A",
        "user": "u",
        "role": "LOADER",
        "url": "https://o-a.snowflakecomputing.com:443",
        "private_key_file": "k.p8",
        "private_key_passphrase": "secret",
    }


@pytest.mark.parametrize(("status", "family"), [(401, ConfigError), (404, ConfigError), (409, TransientError)])
def test_errors_of_the_client_are_ours(status: int, family: type[Exception]):
    with pytest.raises(family, match="no such pipe"), client.explain_streaming():
        raise RefusedError("no such pipe", status)


class Client:
    """What opens channels; `made` has the arguments of each that was made."""

    made: list[dict[str, Any]]
    service: Service

    @classmethod
    def from_table(
        cls,
        client_name: str,
        db_name: str,
        schema_name: str,
        table_name: str,
        profile_json: str | None = None,
        properties: dict[str, Any] | None = None,
    ) -> Client:
        cls.made.append({"table": (db_name, schema_name, table_name), "properties": properties})
        return cls()

    def open_channel(self, channel_name: str, offset_token: str | None = None) -> tuple[Channel, Status]:
        return self.service.open(channel_name), Status(0, None)


def test_one_client_opens_the_channels_of_a_process(tmp_path: Path, session: Session, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "snowflake.ingest", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "snowflake.ingest.streaming", SimpleNamespace(StreamingIngestClient=Client))
    monkeypatch.setenv("SS_LOG_LEVEL", "error")
    Client.made, Client.service = [], Service(session)
    (tmp_path / "k.p8").touch()
    login = SnowflakeSettings(account="o-a", user="u", private_key_path=tmp_path / "k.p8")
    settings = Settings(home=tmp_path, database="d", warehouse="snowflake", snowflake=login)
    opening = client.channel_opener(settings, "RAW", "T")
    assert [opening("a").number, opening("b").number] == [1, 2]
    assert [one["table"] for one in Client.made] == [("D", "RAW", "T")]
    assert Client.made[0]["properties"]["private_key_file"] == str(tmp_path / "k.p8")


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What the real client tells of itself, where `make streaming` could install it."""
    folder = Path(__file__).parents[2] / ".venv/streaming"
    if not (folder / "snowflake/ingest").is_dir():
        pytest.skip("Snowflake's streaming client is not there: make streaming (pip could not reach it?)")
    command = [sys.executable, "-S", "-E", streaming_client.__file__, str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "SS_LOG_LEVEL": "error"})
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def test_the_client_takes_what_it_is_given(told: dict[str, Any]):
    """The code above runs with the stand-ins, the types are checked with the protocols: all are as the client is."""
    ours = {"StreamingIngestClient": [Client], "StreamingIngestChannel": [Channel, client.Channel]}
    for kind, names in streaming_client.METHODS.items():
        for name in names:
            for one in ours[kind]:
                found = json.loads(json.dumps(streaming_client.parameters(getattr(one, name))))
                assert found == told["parameters"][f"{kind}.{name}"], f"{one.__module__}.{one.__name__}.{name}"
    fields = {*Status.__dataclass_fields__}
    assert fields == {name for name in vars(client.Status) if not name.startswith("_")}
    assert told["status"] == {"rows_error_count": 7, "last_error_message": "too long"}
    assert fields == {*told["status"]}


def test_the_client_answers_as_the_stand_in_does(told: dict[str, Any]):
    outcomes = told["outcomes"]
    assert outcomes["appended"] == outcomes["committed"] == {"returned": None}
    assert json.loads(outcomes["sent"]["returned"]) == {"RECORD": {"a": [1]}, "_SOURCE_ROW": 1}
    assert outcomes["unwritable"]["family"][0] == "ValueError"
    assert outcomes["late"]["family"][0] == "TimeoutError"
    assert outcomes["refused"] == {
        "family": ["StreamingIngestError", "Exception", "BaseException", "object"],
        "status": 409,
        "text": "ClosedChannelError: it is closed (HTTP 409 Conflict)",
    }
