"""Logging in: to an account by variables, file or block, and what a refused login says."""

from __future__ import annotations

import json
import os
import re
import threading
from contextvars import copy_context
from datetime import date

import pytest

from flows.errors import ConfigError
from flows.settings import load_settings
from flows.startup import SILENCED
from flows.warehouse import connection_parameters, list_sent_statements, login, open_session
from flows.warehouse.login import SESSION_PARAMETERS, read_account_login
from flows.warehouse.scripts import SCRIPTS, statements


@pytest.fixture
def account(endpoint, monkeypatch):
    """The embedded warehouse, reached as a Snowflake account is."""
    monkeypatch.setenv("SNOWCAST_WAREHOUSE", "snowflake")
    for name, value in endpoint.connection_parameters().items():
        if name in ("account", "user", "password", "host", "port", "protocol", "role", "warehouse"):
            monkeypatch.setenv(f"SNOWFLAKE_{name.upper()}", str(value))
    return endpoint


def tags_of(session):
    """Tags of what the session has sent so far."""
    sent = "SELECT query_tag FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY_BY_SESSION()) ORDER BY start_time"
    return {row[0] for row in session.sql(sent).collect()}


def test_an_account_is_reached_by_its_variables(account, database, tmp_path):
    settings = load_settings(home=tmp_path, database=database)
    with open_session(settings, flow="test") as session:
        assert session.sql("SELECT CURRENT_DATABASE()").collect()[0][0] == database
        assert [json.loads(tag) for tag in tags_of(session)] == [{"flow": "test"}]


def test_a_flow_and_its_tasks_share_one_login(account, database, tmp_path):
    settings = load_settings(home=tmp_path, database=database)
    with open_session(settings, flow="outer") as outer, open_session(settings, step="inner") as inner:
        assert inner is outer
        inner.sql("SELECT 1").collect()
        assert [json.loads(tag) for tag in tags_of(session=inner)] == [{"flow": "outer", "step": "inner"}]


def test_a_step_in_a_thread_of_its_own_takes_a_login_that_the_next_one_uses_again(account, database, tmp_path):
    settings = load_settings(home=tmp_path, database=database)
    used: list[object] = []

    def step(name: str) -> None:
        with open_session(settings, step=name) as session:
            session.sql("SELECT 1").collect()
            used.append(session)

    with open_session(settings, flow="outer") as outer:
        for name in ("first", "second"):
            thread = threading.Thread(target=copy_context().run, args=(step, name))
            thread.start()
            thread.join()
        assert used[0] is used[1]
        assert used[0] is not outer
        assert [(one.step, one.text) for one in list_sent_statements()] == [
            ("first", "SELECT 1"),
            ("second", "SELECT 1"),
        ]


def test_a_wrong_password_is_a_configuration_error_without_the_password(account, tmp_path, monkeypatch):
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", "hush-hush")
    with (
        pytest.raises(ConfigError, match="refused the login of user snowcast") as raised,
        open_session(load_settings(home=tmp_path)),
    ):
        pass
    assert "hush-hush" not in str(raised.value)


def test_a_key_file_that_is_not_there_is_named(tmp_path, monkeypatch):
    for name, value in {"ACCOUNT": "a", "USER": "u", "PRIVATE_KEY_PATH": str(tmp_path / "absent.p8")}.items():
        monkeypatch.setenv(f"SNOWFLAKE_{name}", value)
    with pytest.raises(ConfigError, match="absent.p8"):
        connection_parameters(load_settings(home=tmp_path, warehouse="snowflake"))


def test_the_key_pair_is_preferred_to_the_password(tmp_path, monkeypatch):
    key = tmp_path / "key.p8"
    key.touch()
    for name, value in {"ACCOUNT": "a", "USER": "u", "PRIVATE_KEY_PATH": str(key), "PASSWORD": "p"}.items():
        monkeypatch.setenv(f"SNOWFLAKE_{name}", value)
    login = connection_parameters(load_settings(home=tmp_path, warehouse="snowflake"))
    assert login["private_key_file"] == str(key)
    assert "password" not in login


def test_the_connector_reports_nothing_home(tmp_path, monkeypatch):
    for name, value in {"ACCOUNT": "a", "USER": "u", "PASSWORD": "p"}.items():
        monkeypatch.setenv(f"SNOWFLAKE_{name}", value)
    login = connection_parameters(load_settings(home=tmp_path, warehouse="snowflake"))
    assert login["session_parameters"]["CLIENT_TELEMETRY_ENABLED"] is False


@pytest.mark.parametrize("is_on", [False, True])
def test_snowpark_reports_only_where_telemetry_is_switched_on(account, tmp_path, monkeypatch, is_on):
    for name in SILENCED:  # which telemetry=True takes out of the environment: it is put back afterwards
        monkeypatch.setenv(name, os.environ.get(name, ""))
    reported = []
    with open_session(load_settings(home=tmp_path, telemetry=is_on)) as session:
        session.connection._telemetry._rest = _Rest(reported)
        for _ in range(60):  # the connector sends what it has gathered after a hundred reports
            session.range(1).select("id").collect()
    assert bool(reported) is is_on


class _Rest:
    """Takes what would be sent home."""

    def __init__(self, reported: list[object]) -> None:
        self._reported = reported

    def request(self, _path: str, body: object, **_options: object) -> dict[str, object]:
        self._reported.append(body)
        return {"success": True}


def test_every_script_is_idempotent_and_names_the_database_of_the_settings(tmp_path):
    settings = load_settings(home=tmp_path, database="OTHER")
    scripts = [script.read_text() for script in SCRIPTS.rglob("*.sql")]
    settled = {"database", "warehouse", "warehouse_size", "auto_suspend", "credit_quota"}
    place = dict.fromkeys({name for text in scripts for name in re.findall(r"<% (\w+) %>", text)} - settled, "X")
    found = [one for text in scripts for one in statements(text, settings, place)]
    assert found
    assert not [one for one in found if "<%" in one or "ANALYTICS" in one]
    again = ("USE ROLE", "GRANT", "CREATE OR ALTER TASK", "CREATE OR REPLACE PROCEDURE")
    for one in found:
        assert one.startswith(again) or "IF NOT EXISTS" in one, one


def test_the_defaults_of_the_account_and_of_a_connection_file_do_not_matter(account, database, tmp_path, monkeypatch):
    hostile = {"TIMEZONE": "America/Los_Angeles", "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_LTZ", "WEEK_START": 7}
    given = read_account_login(load_settings(home=tmp_path, database=database))
    monkeypatch.setattr(login, "read_account_login", lambda settings: {**given, "session_parameters": dict(hostile)})
    settings = load_settings(home=tmp_path, database=database)
    asked = connection_parameters(settings)["session_parameters"]
    assert {name: asked[name] for name in SESSION_PARAMETERS} == SESSION_PARAMETERS
    assert (asked["TIMEZONE"], asked["WEEK_START"]) == ("UTC", 1)
    with open_session(settings, flow="test") as session:
        assert session.sql("SELECT date_trunc('week', '2023-09-24'::date)").collect()[0][0] == date(2023, 9, 18)
