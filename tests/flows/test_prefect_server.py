"""The local Prefect server: one per home, found again, asks for its secret, leaves nothing outside of the home."""

from __future__ import annotations

import http.client
import os
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from flows.errors import ConfigError, SourceError
from flows.services import prefect_server
from flows.settings import load_settings


@pytest.fixture(scope="module")
def own_home(tmp_path_factory):
    home = tmp_path_factory.mktemp("server_home")
    yield home
    prefect_server.stop(home)


def test_four_starts_at_once_leave_one_server_which_is_found_again(own_home):
    settings = load_settings(home=own_home)
    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(lambda _: prefect_server.ensure_running(settings), range(4)))
    assert len({server.pid for server in started}) == 1
    assert prefect_server.find(own_home) == started[0]
    assert stat.S_IMODE(prefect_server.endpoint_file(own_home).stat().st_mode) == 0o600
    assert started[0].secret not in repr(started[0])


def test_it_listens_on_loopback_and_refuses_whoever_lacks_the_secret(own_home):
    server = prefect_server.ensure_running(load_settings(home=own_home))
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request("POST", "/api/flows/filter", headers={"Content-Type": "application/json"}, body="{}")
    assert connection.getresponse().status == 401


def test_it_knows_the_kinds_of_blocks_that_log_in_and_notify_though_it_did_not_import_them(own_home):
    server = prefect_server.ensure_running(load_settings(home=own_home))
    with httpx.Client(base_url=server.api_url, auth=("snowcast", server.secret)) as client:
        for slug in ("snowflake-connector", "snowflake-credentials", "secret", "slack-webhook"):
            assert client.get(f"/block_types/slug/{slug}").status_code == 200, slug


def test_after_a_crash_the_next_start_replaces_the_stale_file(own_home):
    settings = load_settings(home=own_home)
    first = prefect_server.ensure_running(settings)
    os.kill(first.pid, 9)
    os.waitpid(first.pid, 0)
    assert prefect_server.find(own_home) is None
    second = prefect_server.ensure_running(settings)
    assert second.pid != first.pid
    assert prefect_server.stop(own_home)
    assert prefect_server.find(own_home) is None
    assert not prefect_server.stop(own_home)


def test_a_start_may_last_as_long_as_the_server_works_and_a_stopped_one_is_given_up(tmp_path, monkeypatch):
    """A server that only computes for four seconds is waited for with a patience of two; one that sleeps is not."""
    settings = load_settings(home=tmp_path)
    spins = "import time\nend = time.monotonic() + 4\nwhile time.monotonic() < end: pass\nraise SystemExit(7)"
    with pytest.raises(SourceError, match="exit code 7"):
        _start(monkeypatch, settings, spins)
    with pytest.raises(SourceError, match="no sign of life for 2 s and was stopped"):
        _start(monkeypatch, settings, "import time\ntime.sleep(600)")
    assert not prefect_server.stop(tmp_path)


def _start(monkeypatch, settings, program):
    monkeypatch.setattr(prefect_server, "_command", lambda _port: ["-c", program])
    prefect_server.ensure_running(settings, quiet_seconds=2)


def test_a_port_in_use_is_told_with_the_setting_that_moves_it(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"Port {port} is in use.*SNOWCAST_PREFECT_PORT"):
            prefect_server.ensure_running(load_settings(home=tmp_path, prefect_port=port))


def test_a_server_of_the_users_own_is_used_and_none_is_started(tmp_path, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    assert prefect_server.connect(load_settings(home=tmp_path)) == "http://127.0.0.1:9/api"
    assert not (tmp_path / "prefect").exists()


def test_nothing_is_written_to_the_users_prefect_folder(own_home):
    assert not Path("~/.prefect").expanduser().exists()
