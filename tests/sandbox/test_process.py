"""The sandbox as a background process of a SNOWCAST_HOME."""

from __future__ import annotations

import gzip
import io
import os
import signal
import stat
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from deployments.sandbox import SandboxEndpoint, SandboxError, World, ensure_running, find, stop
from deployments.sandbox.twitch.records import HelixView
from tests.sandbox.conftest import ask_token

START = datetime(2026, 11, 1, 18, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    stop(tmp_path)


def test_it_is_started_found_and_stopped(home: Path):
    assert find(home) is None
    endpoint = ensure_running(home, scale=200)
    assert ensure_running(home, scale=200) == endpoint == find(home)
    assert stop(home)
    assert find(home) is None
    assert not stop(home)
    assert not (home / "sandbox" / "endpoint.json").exists()


def test_a_home_keeps_its_project_and_what_was_published_to_it(home: Path):
    first = ensure_running(home, scale=100, clock="manual", start=START)
    event = {"event_type": "gift_sent", "user_id": "viewer_1", "time": 1_592_678_834_007, "insert_id": "gift_1"}
    body = {"api_key": first.amplitude_key, "events": [event]}
    assert httpx.post(f"{first.amplitude_url}/batch", json=body, trust_env=False).status_code == 200
    with (home / "sandbox" / "uploads.ndjson").open("a") as file:
        file.write('[1793556000000, {"event_type": "cut o')
    stop(home)
    second = ensure_running(home, scale=100, clock="manual", start=START)
    assert second.amplitude_key == first.amplitude_key
    assert httpx.post(f"{second.amplitude_url}/batch", json=body, trust_env=False).status_code == 200
    held = second.control("GET", "amplitude")
    assert (held["events"], held["dropped_repeats"]) == (1, 1), "the repeat is told from what an earlier sandbox took"
    second.advance(3 * 3_600)
    hour = {"start": f"{START:%Y%m%dT%H}", "end": f"{START:%Y%m%dT%H}"}
    keys = (second.amplitude_key, second.amplitude_secret_key)
    answer = httpx.get(f"{second.amplitude_url}/api/2/export", params=hour, auth=keys, trust_env=False)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        lines = b"".join(gzip.decompress(archive.read(name)) for name in archive.namelist())
    assert lines.count(b'"gift_1"') == 1
    assert stat.S_IMODE((home / "sandbox" / "uploads.ndjson").stat().st_mode) == 0o600


def test_its_time_is_the_real_time_unless_told_otherwise(home: Path):
    now = ensure_running(home, scale=100).now
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=20)


def test_it_serves_the_world_of_its_settings(home: Path):
    endpoint = ensure_running(home, seed=3, scale=300, clock="manual", start=START)
    expected = HelixView(World(3, 300)).streams(START)
    token = ask_token(endpoint).json()["access_token"]
    headers = {"Client-Id": endpoint.client_id, "Authorization": f"Bearer {token}"}
    served = httpx.get(f"{endpoint.base_url}streams?first=100", headers=headers, trust_env=False).json()
    assert served["data"] == expected[:100]
    assert endpoint.requests == {"/oauth2/token": 1, "/helix/streams": 1}


def test_it_is_controlled_through_its_endpoint(home: Path):
    endpoint = ensure_running(home, scale=100, clock="manual", start=START)
    assert endpoint.advance(900) == START + timedelta(minutes=15)
    assert endpoint.set_clock(START) == START == endpoint.now
    endpoint.inject("invalid_client", times=None)
    assert ask_token(endpoint).status_code == 403
    endpoint.clear_faults()
    assert ask_token(endpoint).status_code == 200
    with pytest.raises(SandboxError, match="'earthquake' is unknown"):
        endpoint.inject("earthquake")
    with pytest.raises(SandboxError, match="clock is moved by"):
        endpoint.control("POST", "clock", {"back": 1})
    with pytest.raises(SandboxError, match="Invalid isoformat"):
        endpoint.control("POST", "clock", {"at": "tomorrow"})
    with pytest.raises(SandboxError, match="no control endpoint"):
        endpoint.control("GET", "weather")


def test_the_control_asks_for_its_secret(home: Path):
    endpoint = ensure_running(home, scale=100)
    for headers in ({}, {"X-Sandbox-Secret": endpoint.client_secret}):
        answer = httpx.post(f"{endpoint.url}/_control/stop", headers=headers, trust_env=False)
        assert answer.status_code == 401
    assert find(home)


def test_secrets_are_readable_by_the_owner_only_and_never_shown(home: Path):
    endpoint = ensure_running(home, scale=100)
    assert stat.S_IMODE((home / "sandbox" / "endpoint.json").stat().st_mode) == 0o600
    assert endpoint.client_secret not in repr(endpoint)
    assert endpoint.control_secret not in repr(endpoint)
    ask_token(endpoint)
    assert endpoint.client_secret not in (home / "sandbox" / "server.log").read_text(encoding="utf-8")


def test_ten_at_once_leave_one(home: Path):
    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(lambda _: ensure_running(home, scale=100), range(10)))
    assert len({endpoint.pid for endpoint in found}) == 1


def test_a_stale_endpoint_file_is_replaced(home: Path):
    first = ensure_running(home, scale=100)
    os.kill(first.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while find(home) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (home / "sandbox" / "endpoint.json").exists()
    second = ensure_running(home, scale=100)
    assert second.pid != first.pid


def test_a_lost_endpoint_file_names_the_process_that_still_runs(home: Path):
    endpoint = ensure_running(home, scale=100)
    (home / "sandbox" / "endpoint.json").write_text("{broken", encoding="utf-8")
    assert find(home) is None
    with pytest.raises(SandboxError, match=f"process {endpoint.pid}"):
        ensure_running(home, scale=100)
    os.kill(endpoint.pid, signal.SIGTERM)


def test_other_settings_replace_it_and_unnamed_ones_do_not(home: Path):
    first = ensure_running(home, scale=100)
    assert ensure_running(home).pid == first.pid
    assert ensure_running(home, scale=150).pid != first.pid
    with pytest.raises(ValueError, match="no setting 'size'"):
        ensure_running(home, size=3)


def test_a_clock_set_by_hand_outlives_the_process(home: Path):
    settings = {"scale": 100, "clock": "manual", "start": START}
    ensure_running(home, **settings).advance(3_600)
    stop(home)
    assert ensure_running(home, **settings).now == START + timedelta(hours=1)
    assert ensure_running(home, **{**settings, "seed": 8}).now == START


def test_it_leaves_when_nobody_asks(home: Path):
    ensure_running(home, scale=100, idle_seconds=0.4)
    endpoint_file = home / "sandbox" / "endpoint.json"
    deadline = time.monotonic() + 10
    while endpoint_file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not endpoint_file.exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"port": 99_999}, "cannot listen on 127.0.0.1:99999"), ({"scale": 0}, "scale is the number of streamers")],
)
def test_what_cannot_start_says_why_in_one_line(home: Path, settings: dict[str, int], message: str):
    with pytest.raises(SandboxError, match=message) as caught:
        ensure_running(home, **settings)
    assert "\n" not in str(caught.value)


def test_a_port_in_use_is_named(home: Path, tmp_path: Path):
    port = ensure_running(home, scale=100).port
    with pytest.raises(SandboxError, match=f"cannot listen on 127.0.0.1:{port}"):
        ensure_running(tmp_path / "other", scale=100, port=port)


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SandboxError, match="cannot write the sandbox's folder"):
        ensure_running(tmp_path / "file")


def test_an_endpoint_that_is_gone_says_how_to_start_it(home: Path):
    endpoint: SandboxEndpoint = ensure_running(home, scale=100)
    stop(home)
    with pytest.raises(SandboxError, match="sandbox start"):
        endpoint.advance(1)
