"""The resident worker: a command that is handed over does what it does alone, and ends when it is told to."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.services.resident import Place, hand_over
from tests.conftest import unmeasured

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, sys
from flows.cli import main
try:
    main(sys.argv[2:])
finally:
    with open(sys.argv[1], "w") as file:
        json.dump("prefect" in sys.modules, file)
"""
ATTENTIVE = """
import signal, sys
from flows.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background of a script it is ignored
main(sys.argv[1:])
"""
_PATIENCE_SECONDS = 120


def until(condition) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def children(place: Place) -> list[int]:
    """Processes of the commands that the worker runs now."""
    done = subprocess.run(["pgrep", "-P", str(place.read().pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in done.stdout.split()]


@pytest.fixture
def empty(snowcast, home, monkeypatch):
    """The place of the worker of the module's home, which it has left."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    found = Place(home)
    found.stop()
    return found


@pytest.fixture
def place(snowcast, home, monkeypatch):
    """The worker of the module's home, loaded and waiting."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    found = Place(home)
    start(found)
    until(lambda: found.read() and found.socket.exists())
    return found


def start(place: Place, idle_seconds: float = 600.0) -> None:
    """Start the worker of a home, unless it is there."""
    log = place.folder.parent / "logs" / "resident.log"
    log.parent.mkdir(exist_ok=True)
    with unmeasured():
        assert place.start(log, os.environ, idle_seconds)


@pytest.fixture(scope="module", autouse=True)
def _no_worker_afterwards(home):
    yield
    Place(home).stop()


def alone(report: Path, *arguments: str) -> tuple[int, str, str, bool]:
    """Exit code, output, errors of a command in a process of its own, and whether that process loaded Prefect."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(report), *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, untimed(done.stdout), done.stderr, json.loads(report.read_text(encoding="utf-8"))


def untimed(text: str) -> str:
    return re.sub(r"\d+\.\d s", "… s", text)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["build", "--select", "dim_date"], 0),
        (["validate", "--select", "raw_twitch_games"], 0),
        (["build", "--select", "no_such_table"], 2),
        (["ingest", "twitch", "--from-files", "no_such_folder"], 2),
        (["ingest", "twitch", "--no-such-option"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_says_and_ends_as_it_does_alone(place, tmp_path, monkeypatch, arguments, code):
    if code == 0:
        alone(tmp_path / "report.json", *arguments)  # the first time there may be something to build
    *handed, has_loaded = alone(tmp_path / "report.json", *arguments)
    assert (handed[0], has_loaded) == (code, False), handed
    monkeypatch.setenv("PYTHONNOUSERSITE", "1")  # another environment: the worker is not used
    *by_itself, _ = alone(tmp_path / "report.json", *arguments)
    assert handed == by_itself


def test_what_a_command_used_counts_as_the_workers(place, tmp_path):
    def used_by_children() -> int:
        stat = Path(f"/proc/{place.read().pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return int(stat[13])  # ticks of user time of the children that it has taken leave of

    before = used_by_children()
    alone(tmp_path / "report.json", "build", "--select", "dim_date")
    until(lambda: used_by_children() > before)


def test_it_runs_in_the_commands_folder_with_its_settings(place, tmp_path):
    (tmp_path / ".env").write_text("SNOWCAST_NO_SUCH_SETTING=1\n", encoding="utf-8")
    code, _, errors, _ = alone(tmp_path / "report.json", "build", "--select", "raw")
    assert code == 2
    assert "SNOWCAST_NO_SUCH_SETTING in .env is no setting" in errors


def test_another_version_or_environment_has_no_worker(place, home, monkeypatch):
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "true")
    assert hand_over(home, ["build", "--select", "raw"]) is None


def test_a_command_waits_for_a_worker_that_still_loads(place, home, tmp_path):
    """Right after `snowcast up` it would load the same beside it, and be slower."""
    place.stop()
    start(place)
    assert not place.socket.exists()
    code, _, _, has_loaded = alone(tmp_path / "report.json", "build", "--select", "raw")
    assert (code, has_loaded) == (0, False)


def test_only_its_owner_reaches_it(place):
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(place.socket.stat().st_mode) == 0o600


def begun(place: Place) -> subprocess.Popen[str]:
    """A build of every table that the worker runs, with its first table done."""
    command = [sys.executable, "-c", ATTENTIVE, "build", "--full-refresh"]
    client = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until(lambda: children(place))
    return client


def test_ctrl_c_ends_it_as_it_ends_a_command(place):
    client = begun(place)
    time.sleep(2)
    client.send_signal(signal.SIGINT)
    _, errors = client.communicate(timeout=_PATIENCE_SECONDS)
    assert (client.returncode, "interrupted" in errors) == (130, True), errors
    until(lambda: not children(place))


def test_a_command_that_is_killed_takes_its_child_along(place):
    client = begun(place)
    (child,) = children(place)
    client.kill()
    client.communicate(timeout=_PATIENCE_SECONDS)
    until(lambda: child not in children(place))


def test_a_child_that_is_killed_is_told_by_the_exit_code(place):
    client = begun(place)
    os.kill(children(place)[0], signal.SIGKILL)
    client.communicate(timeout=_PATIENCE_SECONDS)
    assert client.returncode == 128 + signal.SIGKILL


def test_a_worker_that_was_killed_is_not_waited_for(place, home):
    os.kill(place.read().pid, signal.SIGKILL)
    until(lambda: not place.read())
    assert hand_over(home, ["build", "--select", "raw"]) is None
    assert not place.stop()


def test_one_that_still_loads_is_stopped(empty):
    start(empty)
    assert empty.stop()
    assert not empty.read()


def test_the_first_command_starts_it_and_leaves_its_work_to_it(empty, home, tmp_path, monkeypatch):
    assert alone(tmp_path / "report.json", "build", "--select", "no_such_table")[0] == 2
    assert not empty.read(), "SNOWCAST_RESIDENT is false"
    monkeypatch.setenv("SNOWCAST_RESIDENT", "true")
    with unmeasured():
        code, out, errors, has_loaded = alone(tmp_path / "report.json", "build", "--select", "dim_date")
    assert (code, has_loaded, "transform took" in out) == (0, False, True), errors
    assert empty.read()
    assert hand_over(home, ["build", "--select", "no_such_table"]) == 2


def test_a_command_that_is_not_for_it_starts_none(empty, tmp_path, monkeypatch):
    monkeypatch.setenv("SNOWCAST_RESIDENT", "true")
    code, _, errors, has_loaded = alone(tmp_path / "report.json", "publish", "amplitude", "--dry-run")
    assert (code, has_loaded) == (0, True), errors
    assert not empty.read()


def test_it_leaves_when_nobody_has_asked_for_long_enough_and_no_command_is_under_way(empty, home):
    start(empty, 0.5)
    until(lambda: empty.socket.exists())
    client = begun(empty)
    time.sleep(2)
    assert empty.read()
    client.send_signal(signal.SIGINT)
    client.communicate(timeout=_PATIENCE_SECONDS)
    until(lambda: not empty.read())
    until(lambda: not empty.socket.exists())
    assert hand_over(home, ["build", "--select", "raw"]) is None
