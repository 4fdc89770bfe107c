"""A mistake of the person at the keyboard is one line on standard error and an exit code, never a stack trace."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.embedded import stop as stop_warehouse
from flows.services.resident import Place

ROOT = Path(__file__).resolve().parents[2]


def snowcast(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line as a process of its own, as a user starts it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SNOWCAST_", "SNOWFLAKE_", "PREFECT_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", *arguments],
        cwd=cwd,
        env={**kept, "PYTHONPATH": str(ROOT), "SNOWCAST_HOME": str(cwd / "home"), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def assert_one_line(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("snowcast: ")
    assert "Traceback" not in done.stdout + done.stderr
    for word in words:
        assert word in lines[0]


@pytest.fixture
def own_port():
    """A port that this test holds."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_unknown_setting(tmp_path):
    done = snowcast("run", cwd=tmp_path, SNOWCAST_TOP_STREAMS="5")
    assert_one_line(done, 2, "SNOWCAST_TOP_STREAMS", "SNOWCAST_TWITCH_TOP_STREAMS")


def test_unwritable_home(tmp_path):
    (tmp_path / "file").touch()
    done = snowcast("run", cwd=tmp_path, SNOWCAST_HOME=str(tmp_path / "file" / "home"))
    assert_one_line(done, 2, "SNOWCAST_HOME", "cannot be written")


def test_port_in_use(tmp_path, own_port):
    done = snowcast("up", cwd=tmp_path, SNOWCAST_PREFECT_PORT=str(own_port))
    assert_one_line(done, 2, f"Port {own_port} is in use")
    assert Place(tmp_path / "home").read() is None  # the resident worker, which starts beside the services
    stop_warehouse(tmp_path / "home")  # which starts beside them, too, and would stay


def test_missing_snowflake_login(tmp_path):
    done = snowcast("sql", "select 1", cwd=tmp_path, SNOWCAST_WAREHOUSE="snowflake")
    assert_one_line(done, 2, "SNOWFLAKE_ACCOUNT", "SNOWFLAKE_USER", "SNOWFLAKE_PRIVATE_KEY_PATH")


def test_wrong_snowflake_account_cannot_be_reached(tmp_path, own_port):
    """A host where nobody speaks Snowflake stands for an account that does not exist."""
    login = {
        "SNOWCAST_WAREHOUSE": "snowflake",
        "SNOWCAST_LOGIN_TIMEOUT_SECONDS": "3",
        "SNOWFLAKE_ACCOUNT": "no-such-account",
        "SNOWFLAKE_USER": "somebody",
        "SNOWFLAKE_PASSWORD": "hush-hush",
        "SNOWFLAKE_HOST": "127.0.0.1",
        "SNOWFLAKE_PORT": "9",
        "SNOWFLAKE_PROTOCOL": "http",
    }
    done = snowcast("sql", "select 1", cwd=tmp_path, **login)
    assert_one_line(done, 3, "no-such-account", "cannot be reached")
    assert "hush-hush" not in done.stdout + done.stderr


def test_missing_twitch_secret(tmp_path):
    from flows.errors import ConfigError
    from flows.settings import load_settings
    from flows.sources.twitch.source import twitch_config

    with pytest.raises(ConfigError, match="SNOWCAST_TWITCH_CLIENT_SECRET is not set"):
        twitch_config(load_settings(home=tmp_path, twitch_client_id="x")).check()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ingest", "youtube"], ["youtube", "twitch", "billing"]),
        (["run", "--sources", "billing,youtube"], ["youtube", "twitch", "billing"]),
        (["ingest", "twitch", "--from-files", "nowhere"], ["nowhere", "does not exist"]),
        (["ingest", "billing", "--polls", "3"], ["--polls", "billing", "is not polled"]),
        (["ingest", "twitch", "--snapshot-at", "noon"], ["--snapshot-at", "ISO 8601"]),
        (["backfill", "--from", "2026-01-02", "--to", "2026-01-02"], ["[from, to)"]),
        (["backfill", "--from", "2026-01-02"], ["--to"]),
        (["no-such-command"], ["no-such-command"]),
        (["quarantine", "redrive", "abc", "--record", "{"], ["repaired record"]),
        (["quarantine", "redrive", "abc"], ["--record", "--file"]),
    ],
)
def test_wrong_use(tmp_path, arguments, words):
    assert_one_line(snowcast(*arguments, cwd=tmp_path), 2, *words)


def test_help_answers_without_heavy_libraries(tmp_path):
    done = snowcast("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "ingest" in done.stdout
    assert not (tmp_path / "home").exists()
    heavy = ("prefect", "snowflake.snowpark", "great_expectations", "pandas")
    code = f"import sys, flows.cli; print([name for name in {heavy!r} if name in sys.modules])"
    listed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert listed.stdout.strip() == "[]"
