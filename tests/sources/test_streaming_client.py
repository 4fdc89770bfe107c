"""Snowflake's streaming client: what it is given, what becomes of its errors, and that the stand-in is as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from flows.errors import ConfigError, TransientError
from flows.settings import Settings, SnowflakeSettings
from flows.warehouse import streaming as client
from tests.sources import streaming_client
from tests.sources.streaming_service import Channel, Client, RefusedError, Service, Status

if TYPE_CHECKING:
    from snowflake.snowpark import Session


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
