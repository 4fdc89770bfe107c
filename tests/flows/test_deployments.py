"""The deployments of prefect.yaml on a real Prefect server: registered, triggered, run by a worker."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from flows.deploy.prefect.declared import PREFECT_FILE, ROOT, deployments
from tests.flows.conftest import Snowcast

_PATIENCE_SECONDS = 480


def test_each_deployment_runs_one_at_a_time_and_names_a_flow_that_exists():
    for deployment in deployments():
        path, _, function = deployment["entrypoint"].partition(":")
        assert f"def {function}(" in (ROOT / path).read_text(encoding="utf-8")
        assert deployment["concurrency_limit"]["limit"] == 1
        assert deployment["concurrency_limit"]["collision_strategy"] in ("CANCEL_NEW", "ENQUEUE")


def test_the_schedules_are_those_of_the_design():
    crons = {one["name"]: [s["cron"] for s in one.get("schedules", [])] for one in deployments()}
    assert crons == {
        "ingest-twitch": ["*/15 * * * *"],
        "ingest-billing": ["15 4 * * *"],
        "ingest-livelogs": ["30 4 * * *"],
        "ingest-identity": ["20 4 * * *"],
        "ingest-amplitude": ["10 * * * *"],
        "transform": ["5 * * * *"],
        "publish-amplitude": ["35 * * * *"],
        "validate-full": ["30 3 * * *"],
        "stream-produce": [],
        "stream-consume": [],
        "alert-spikes": ["* * * * *"],
        "pipeline": [],
        "backfill": [],
    }


def test_the_file_is_what_prefect_reads():
    assert yaml.safe_load(PREFECT_FILE.read_text(encoding="utf-8"))["name"] == "snowcast"


@dataclass(frozen=True)
class Worker:
    """A running worker, and the port on which it says whether it asks for work."""

    process: subprocess.Popen[bytes]
    port: int


@contextmanager
def _worker(environment: Mapping[str, str], log: Path) -> Iterator[Worker]:
    """`snowcast worker` in the background of a script, which ignores SIGINT, while the block lasts.

    It asks for work more often than it would by itself.
    """
    in_background = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"]
    with log.open("wb") as output, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        process = subprocess.Popen(
            [*in_background, sys.executable, "-m", "flows.cli", "worker", "--healthcheck"],
            cwd=ROOT,
            env={**environment, "PREFECT_WORKER_QUERY_SECONDS": "2", "PREFECT_WORKER_WEBSERVER_PORT": f"{port}"},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield Worker(process, port)
            process.terminate()
            process.wait(90)
        finally:
            with suppress(ProcessLookupError):  # what it left running would go on taking work
                os.killpg(process.pid, signal.SIGKILL)


def _tree(process: int) -> list[int]:
    """A process and those that it started, itself first."""
    told = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in map(str.split, told.splitlines())}
    found = [process]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _states(api: httpx.Client, deployment: str) -> list[str]:
    """States of the deployment's own runs; other tests run the same flows on this server."""
    order = {"sort": "START_TIME_DESC", "deployments": {"name": {"any_": [deployment]}}}
    return [run["state_type"] for run in api.post("/flow_runs/filter", json=order).json()]


def _log(api: httpx.Client) -> str:
    """What the flow runs logged, to tell why one failed."""
    return "\n".join(line["message"] for line in api.post("/logs/filter", json={"limit": 200}).json())


def _wait_for(api: httpx.Client, flow: str, state: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = _states(api, flow)
        if state in found:
            return
        if "FAILED" in found or "CRASHED" in found:
            pytest.fail(f"{flow}: {found}\n{_log(api)}")
        time.sleep(1)
    pytest.fail(f"{flow} did not reach {state}: {_states(api, flow)}")


@contextmanager
def _unscheduled(api: httpx.Client, *deployments: dict[str, Any]) -> Iterator[None]:
    """These run when they are asked to only: a schedule that comes meanwhile would be taken for what was triggered."""
    for one in deployments:
        api.post(f"/deployments/{one['id']}/pause_deployment").raise_for_status()
    yield
    for one in deployments:
        api.post(f"/deployments/{one['id']}/resume_deployment").raise_for_status()


@pytest.mark.lengthy
def test_a_triggered_ingest_succeeds_and_the_transform_follows_it(snowcast, server, tmp_path):
    done = snowcast("deploy", "prefect", SNOWCAST_SANDBOX_FIRST_POLLS="1")
    assert done.code == 0, done.err
    assert "Everything is in place." in done.out
    with httpx.Client(base_url=server.api_url, auth=("snowcast", server.secret), timeout=60) as api:
        deployment = api.get("/deployments/name/ingest-twitch/ingest-twitch").json()
        assert deployment["global_concurrency_limit"]["limit"] == 1
        few_tables = {"parameters": {"select": ["+fact_stream_snapshots"]}}
        transform = api.get("/deployments/name/transform/transform").json()
        api.patch(f"/deployments/{transform['id']}", json=few_tables).raise_for_status()
        with _unscheduled(api, deployment, transform), _worker(os.environ, tmp_path / "worker.log") as worker:
            api.post(f"/deployments/{deployment['id']}/create_flow_run", json={}).raise_for_status()
            _wait_for(api, "ingest-twitch", "COMPLETED")
            _wait_for(api, "transform", "COMPLETED")
            assert httpx.get(f"http://127.0.0.1:{worker.port}/health", trust_env=False).status_code == 200
        artifacts = {one["key"] for one in api.post("/artifacts/filter", json={}).json()}
    assert {"load-summary", "build-summary", "validation-report"} <= artifacts
    rows = json.loads(snowcast("sql", "SELECT COUNT(*) AS n FROM MARTS.FACT_STREAM_SNAPSHOTS", "--format", "json").out)
    assert rows[0]["N"] > 0


@pytest.mark.long
def test_a_killed_run_is_made_up_an_overlapping_one_dropped_and_schedules_fire(snowcast, server, home, tmp_path):
    assert snowcast("deploy", "prefect").code == 0
    landing = home / "landing" / "twitch"
    before = {path.name for path in landing.rglob("*.gz")}
    with httpx.Client(base_url=server.api_url, auth=("snowcast", server.secret), timeout=60) as api:
        deployment = api.get("/deployments/name/ingest-twitch/ingest-twitch").json()
        transform = api.get("/deployments/name/transform/transform").json()["id"]
        api.patch(f"/deployments/{transform}", json={"parameters": {"select": ["dim_date"]}}).raise_for_status()
        with _worker(os.environ, tmp_path / "killed.log") as killed:
            left = _begin(api, deployment)
            while {path.name for path in landing.rglob("*.gz")} == before:
                assert killed.process.poll() is None
                time.sleep(0.02)
            for process in _tree(killed.process.pid):  # a run's process has a group of its own, and would end by itself
                os.kill(process, signal.SIGKILL)
        unloaded = {path.name for path in landing.rglob("*.gz")} - before
        assert unloaded
        assert not unloaded & _loaded(snowcast)
        with _worker(os.environ, tmp_path / "next.log"):
            assert _wait_until_ended(api, _begin(api, deployment)) == "CANCELLED", "the dead run has its place yet"
            assert api.get(f"/flow_runs/{left}").json()["state_type"] == "RUNNING", "who was killed says nothing"
            # As the server does by itself where nobody has renewed the place for five minutes.
            limit = deployment["global_concurrency_limit"]["name"]
            _post(api, "/v2/concurrency_limits/decrement", {"names": [limit], "slots": 1})
            assert _wait_until_ended(api, _begin(api, deployment)) == "COMPLETED", _log(api)
            together = [_begin(api, deployment), _begin(api, deployment)]
            assert sorted(_wait_until_ended(api, run) for run in together) == ["CANCELLED", "COMPLETED"]
            while set(_states(api, "alert-spikes")) <= {"SCHEDULED", "PENDING"}:
                time.sleep(1)  # nobody but its schedule of each minute begins it
    assert unloaded <= _loaded(snowcast) == {path.name for path in landing.rglob("*.gz")}


def _begin(api: httpx.Client, deployment: dict[str, Any]) -> str:
    return str(_post(api, f"/deployments/{deployment['id']}/create_flow_run", {}).json()["id"])


def _post(api: httpx.Client, path: str, content: dict[str, Any]) -> httpx.Response:
    while (answer := api.post(path, json=content)).status_code == 503:
        time.sleep(1)  # its database is busy
    return answer.raise_for_status()


def _wait_until_ended(api: httpx.Client, run: str) -> str:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (state := str(api.get(f"/flow_runs/{run}").json()["state_type"])) in ("SCHEDULED", "PENDING", "RUNNING"):
        assert time.monotonic() < deadline, f"{run} is {state}\n{_log(api)}"
        time.sleep(0.5)
    return state


def _loaded(snowcast: Snowcast) -> set[str]:
    """Names of the landing files that are loaded, each once."""
    told = json.loads(snowcast("sql", "SELECT source_file FROM OPS.LOADS", "--format", "json").out)
    names = [Path(row["SOURCE_FILE"]).name for row in told]
    assert len(names) == len(set(names))
    return set(names)
