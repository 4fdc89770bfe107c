"""What is tried again, and what is not."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from prefect import flow, task

from flows.errors import ConfigError, TransientError
from flows.settings import load_settings
from flows.steps.task import STEP
from flows.warehouse import open_session
from transforms.contract import ContractError

AT_ONCE = {**STEP, "retry_delay_seconds": 0, "retry_jitter_factor": None}


@pytest.fixture(autouse=True)
def _prefect(snowcast):
    """The flows of these tests run on the test run's Prefect server."""
    from flows.settings import change_environment

    change_environment({})


def counted(errors: list[Exception]):
    """A flow of one step that raises the errors one after the other, and how often the step was called."""
    calls: list[int] = []

    @task(**AT_ONCE)
    def step() -> str:
        calls.append(1)
        if len(calls) <= len(errors):
            raise errors[len(calls) - 1]
        return "done"

    @flow
    def steps() -> str:
        return step()

    return steps, calls


def test_a_passing_fault_is_tried_again():
    steps, calls = counted([TransientError("gone"), TransientError("gone")])
    assert steps() == "done"
    assert len(calls) == 3


@pytest.mark.parametrize("error", [ContractError("bad data"), ConfigError("bad setting"), ValueError("bug")])
def test_nothing_else_is(error):
    steps, calls = counted([error])
    with pytest.raises(type(error)):
        steps()
    assert len(calls) == 1


def test_a_step_survives_the_death_of_the_warehouse(home):
    """The first try kills the warehouse under its own feet; the second one finds a new one and its own login."""
    from deployments.embedded import find

    settings = load_settings()
    pids: list[int] = []

    @task(**AT_ONCE)
    def step() -> int:
        with open_session(settings, step="kill") as session:
            endpoint = find(home)
            assert endpoint is not None
            pids.append(endpoint.pid)
            if len(pids) == 1:
                os.kill(endpoint.pid, 9)
            return int(session.sql("SELECT 42").collect()[0][0])

    @flow
    def steps() -> int:
        with open_session(settings, flow="outer"):
            return step()

    assert steps() == 42
    assert len(set(pids)) == 2


LONG = "SELECT COUNT(*) FROM {0} a, {0} b WHERE a.i + b.i = -1".format(
    "(SELECT SEQ8() AS i FROM TABLE(GENERATOR(ROWCOUNT => 100000)))"
)


def _upload(session, file):
    session.file.put(str(file), "@ANALYTICS.RAW.LANDING", auto_compress=False, overwrite=True)


@pytest.mark.parametrize(
    ("when", "act"),
    [
        ("PUT", _upload),
        ("INSERT", lambda session, _: session.connection.commit()),
        (LONG, lambda session, _: session.sql(LONG).collect()),
    ],
    ids=["in PUT", "before COMMIT", "in a statement"],
)
def test_a_warehouse_that_is_gone_is_a_passing_fault_wherever_it_went(home, tmp_path, monkeypatch, when, act):
    from deployments.embedded import find
    from flows.warehouse.connection import TaggedConnection

    file = tmp_path / "records.ndjson"
    file.write_text('{"id": 1}\n')
    killed: list[int] = []

    def kill() -> None:
        endpoint = find(home)
        assert endpoint is not None
        os.kill(endpoint.pid, signal.SIGKILL)
        killed.append(endpoint.pid)

    send = TaggedConnection.cmd_query

    def send_and_kill(self, sql, *arguments, **options):
        if sql == LONG:
            threading.Timer(0.5, kill).start()
        answer = send(self, sql, *arguments, **options)
        if sql.startswith(when):
            kill()
        return answer

    def work() -> None:
        with open_session(load_settings()) as session:
            session.sql("CREATE OR REPLACE TABLE ANALYTICS.PUBLIC.KEPT (a INT)").collect()
            session.connection.cursor().execute("BEGIN")
            monkeypatch.setattr(TaggedConnection, "cmd_query", send_and_kill)
            if when == "INSERT":
                session.connection.cursor().execute("INSERT INTO ANALYTICS.PUBLIC.KEPT VALUES (1)")
            act(session, file)

    with pytest.raises(TransientError) as gone:
        work()
    assert len(killed) == 1
    assert "\n" not in str(gone.value)
    assert "signature" not in str(gone.value)


def test_a_connection_that_was_lost_sends_nothing_more(home, monkeypatch):
    from snowflake.connector import SnowflakeConnection

    from deployments.embedded import find

    sent: list[str] = []
    send = SnowflakeConnection.cmd_query

    def count(self, sql, *arguments, **options):
        sent.append(sql)
        return send(self, sql, *arguments, **options)

    with open_session(load_settings()) as session:
        endpoint = find(home)
        assert endpoint is not None
        os.kill(endpoint.pid, signal.SIGKILL)
        monkeypatch.setattr(SnowflakeConnection, "cmd_query", count)
        cursor = session.connection.cursor()
        for number in range(3):
            with pytest.raises(TransientError, match="stopped answering"):
                cursor.execute(f"SELECT {number}")
    assert sent == ["SELECT 0"]


def test_the_tries_of_an_upload_to_the_embedded_warehouse_take_seconds(home):
    from snowflake.connector.storage_client import SnowflakeStorageClient

    with open_session(load_settings()) as session:
        session.sql("SELECT 1").collect()
    assert sum(2**number * SnowflakeStorageClient.SLEEP_UNIT for number in range(5)) < 5
