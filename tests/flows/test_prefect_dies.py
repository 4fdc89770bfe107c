"""The Prefect server killed in a run: the run goes on and the server comes back, or it ends in one line; no hang."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from flows.services import prefect_server
from flows.settings import load_settings
from tests.conftest import unmeasured

ROOT = Path(__file__).parents[2]
_PATIENCE_SECONDS = 300


@pytest.fixture(scope="module")
def own_server(home, tmp_path_factory):
    """The home's own server, apart from the one of the test run."""
    with unmeasured():
        yield prefect_server.ensure_running(load_settings(home=home))
    prefect_server.stop(home)


def begun(log: Path) -> subprocess.Popen[str]:
    """A build of some tables that has built the first one."""
    log.write_text("", encoding="utf-8")
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "build", "--select", "staging", "--full-refresh"],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while "build stg" not in log.read_text(encoding="utf-8"):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process


def killed(server: prefect_server.PrefectServer, home: Path) -> None:
    os.kill(server.pid, signal.SIGKILL)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while prefect_server.lives(home):  # until the kill has landed
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.lengthy
def test_the_homes_own_server_is_started_again_and_the_run_is_seen_there(
    snowcast, home, own_server, tmp_path, monkeypatch
):
    monkeypatch.delenv("PREFECT_API_URL")
    monkeypatch.delenv("PREFECT_API_AUTH_STRING")
    run = begun(tmp_path / "out.log")
    killed(own_server, home)
    _, errors = run.communicate(timeout=_PATIENCE_SECONDS)
    told = (tmp_path / "out.log").read_text(encoding="utf-8")
    assert (run.returncode, errors) == (0, ""), told
    assert told.count("the server has died; it is started again, the run goes on") == 1
    again = prefect_server.find(home)
    assert again is not None
    assert (again.port, again.secret) == (own_server.port, own_server.secret)
    assert again.pid != own_server.pid
    with httpx.Client(base_url=again.api_url, auth=("snowcast", again.secret), timeout=60) as api:
        order = {"sort": "START_TIME_DESC", "limit": 1}
        (seen,) = api.post("/flow_runs/filter", json=order).json()
    assert seen["state_type"] == "COMPLETED"


@pytest.mark.lengthy
def test_a_server_of_the_users_own_that_dies_ends_the_run_in_one_line(
    snowcast, home, own_server, tmp_path, monkeypatch
):
    server = prefect_server.ensure_running(load_settings(home=home))
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    run = begun(tmp_path / "out.log")
    killed(server, home)
    _, errors = run.communicate(timeout=_PATIENCE_SECONDS)
    assert run.returncode == 3, errors
    assert errors.strip().splitlines() == [
        f"snowcast: The Prefect server at {server.api_url} does not answer. "
        "What was committed stays; the next run goes on from there."
    ]
    runs = json.loads(
        snowcast("sql", "SELECT STATE FROM OPS.RUNS ORDER BY STARTED_AT DESC LIMIT 1", "--format", "json").out
    )
    assert runs == [{"STATE": "completed"}]
