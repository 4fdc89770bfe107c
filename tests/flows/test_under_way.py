"""Runs under way: `down` names them and leaves them alone, with --force it ends them; dead ones do not count."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.services.under_way import list_runs_under_way, mark_run_under_way

ROOT = Path(__file__).parents[2]
RUN = """
import sys, time
from pathlib import Path
from flows.services.under_way import end_in_order, mark_run_under_way
with mark_run_under_way(Path(sys.argv[1]), "pipeline"), end_in_order():
    print("begun", flush=True)
    try:
        time.sleep(600)
    except KeyboardInterrupt:
        print("rolled back")
"""


@pytest.fixture
def run(home):
    """A run of another process that has begun."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(home)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    yield process
    process.kill()
    process.wait()


def test_down_names_the_runs_under_way_and_stops_nothing(snowcast, run):
    refused = snowcast("down")
    assert refused.code == 2
    assert f"1 run is under way: pipeline (process {run.pid}, since " in refused.err
    assert "`snowcast down --force`" in refused.err
    assert run.poll() is None
    assert snowcast("warehouse", "status").code == 0


def test_down_by_force_ends_the_runs_as_ctrl_c_does(snowcast, run):
    ended = snowcast("down", "--force")
    assert ended.code == 0, ended.err
    assert f"Ended: pipeline (process {run.pid}" in ended.out
    assert run.communicate(timeout=30)[0] == "rolled back\n"
    assert snowcast("down").code == 0


def test_a_run_that_was_killed_is_not_under_way(home, run):
    assert [found.pid for found in list_runs_under_way(home)] == [run.pid]
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    assert list_runs_under_way(home) == []
    assert list((home / "runs").iterdir()) == []


def test_a_flow_inside_of_a_command_is_one_run(tmp_path):
    with mark_run_under_way(tmp_path, "snowcast build"), mark_run_under_way(tmp_path, "transform"):
        assert [found.name for found in list_runs_under_way(tmp_path)] == ["snowcast build"]
    assert list_runs_under_way(tmp_path) == []


def test_a_command_is_under_way_while_it_starts_and_runs(snowcast, home):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "flows.cli", "build", "--select", "dim_date"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    seen: set[str] = set()
    while process.poll() is None:
        seen |= {found.name for found in list_runs_under_way(home)}
        time.sleep(0.05)
    assert process.returncode == 0
    assert seen == {"snowcast build"}
