"""Logging in: to an account by variables, file or block, and what a refused login says."""

from __future__ import annotations

from datetime import date

import pytest

from flows import warehouse
from flows.account import SESSION_PARAMETERS, account_login
from flows.errors import ConfigError
from flows.settings import load_settings
from flows.warehouse import SCRIPTS, connection_parameters, open_session, statements


@pytest.fixture
def account(endpoint, monkeypatch):
    """The embedded warehouse, reached as a Snowflake account is."""
    monkeypatch.setenv("SNOWCAST_WAREHOUSE", "snowflake")
    for name, value in endpoint.connection_parameters().items():
        if name in ("account", "user", "password", "host", "port", "protocol", "role", "warehouse"):
            monkeypatch.setenv(f"SNOWFLAKE_{name.upper()}", str(value))
    return endpoint


def test_an_account_is_reached_by_its_variables(account, database, tmp_path):
    settings = load_settings(home=tmp_path, database=database)
    with open_session(settings, flow="test") as session:
        assert session.sql("SELECT CURRENT_DATABASE()").collect()[0][0] == database
        assert '"flow": "test"' in session.query_tag


def test_a_flow_and_its_tasks_share_one_login(account, database, tmp_path):
    settings = load_settings(home=tmp_path, database=database)
    with open_session(settings, flow="outer") as outer, open_session(settings, step="inner") as inner:
        assert inner is outer
        assert '"flow": "outer", "step": "inner"' in inner.query_tag


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


def test_every_script_is_idempotent_and_names_the_database_of_the_settings(tmp_path):
    settings = load_settings(home=tmp_path, database="OTHER")
    found = [one for script in SCRIPTS.rglob("*.sql") for one in statements(script.read_text(), settings)]
    assert found
    assert not [one for one in found if "<%" in one or "ANALYTICS" in one]
    for one in found:
        assert one.startswith(("USE ROLE", "GRANT")) or "IF NOT EXISTS" in one, one


def test_the_database_is_prepared_twice_without_a_trace(account, database, tmp_path):
    from flows.warehouse import prepare

    settings = load_settings(home=tmp_path, database=database)
    count = "SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES WHERE table_schema IN ('RAW', 'STAGING', 'MARTS', 'OPS')"
    with open_session(settings) as session:
        prepare(session, settings)
        first = session.sql(count).collect()[0][0]
        prepare(session, settings)
        assert session.sql(count).collect()[0][0] == first > 20


def test_the_defaults_of_the_account_and_of_a_connection_file_do_not_matter(account, database, tmp_path, monkeypatch):
    hostile = {"TIMEZONE": "America/Los_Angeles", "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_LTZ", "WEEK_START": 7}
    login = account_login(load_settings(home=tmp_path, database=database))
    monkeypatch.setattr(warehouse, "account_login", lambda settings: {**login, "session_parameters": dict(hostile)})
    settings = load_settings(home=tmp_path, database=database)
    asked = connection_parameters(settings)["session_parameters"]
    assert {name: asked[name] for name in SESSION_PARAMETERS} == SESSION_PARAMETERS
    assert (asked["TIMEZONE"], asked["WEEK_START"]) == ("UTC", 1)
    with open_session(settings, flow="test") as session:
        assert session.sql("SELECT date_trunc('week', '2023-09-24'::date)").collect()[0][0] == date(2023, 9, 18)
