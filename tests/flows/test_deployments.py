"""The deployments of prefect.yaml on a real Prefect server: registered, triggered, run by a worker."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
import yaml

from flows.deploy.prefect.declared import PREFECT_FILE, ROOT, deployments

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


@contextmanager
def _worker(environment: dict[str, str], log: Path) -> Iterator[None]:
    """`snowcast worker` in the background of a script, which ignores SIGINT, while the block lasts.

    It asks for work more often than it would by itself.
    """
    in_background = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*in_background, sys.executable, "-m", "flows.cli", "worker", "--healthcheck"],
            cwd=ROOT,
            env={**environment, "PREFECT_WORKER_QUERY_SECONDS": "2"},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield
            process.terminate()
            process.wait(90)
        finally:
            with suppress(ProcessLookupError):  # what it left running would go on taking work
                os.killpg(process.pid, signal.SIGKILL)


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
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with _worker({**os.environ, "PREFECT_WORKER_WEBSERVER_PORT": str(port)}, tmp_path / "worker.log"):
            api.post(f"/deployments/{deployment['id']}/create_flow_run", json={}).raise_for_status()
            _wait_for(api, "ingest-twitch", "COMPLETED")
            _wait_for(api, "transform", "COMPLETED")
            assert httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).status_code == 200
        artifacts = {one["key"] for one in api.post("/artifacts/filter", json={}).json()}
    assert {"load-summary", "build-summary", "validation-report"} <= artifacts
    rows = json.loads(snowcast("sql", "SELECT COUNT(*) AS n FROM MARTS.FACT_STREAM_SNAPSHOTS", "--format", "json").out)
    assert rows[0]["N"] > 0
