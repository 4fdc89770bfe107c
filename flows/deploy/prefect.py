"""Deploying: the deployments of prefect.yaml into a Prefect server, and the worker that runs them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

from flows.errors import SourceError
from flows.services import prefect_server
from flows.settings import Settings, change_environment

ROOT = Path(__file__).resolve().parents[2]
PREFECT_FILE = ROOT / "deployments" / "prefect.yaml"
WORK_POOL = "snowcast"


def deploy_to_prefect(settings: Settings) -> list[str]:
    """Create the work pool where it is missing and register every deployment; returns their names.

    Raises:
        SourceError: Prefect refused.
    """
    prefect_server.connect(settings)
    _run_prefect("work-pool", "create", WORK_POOL, "--type", "process", "--overwrite")
    _run_prefect("deploy", "--all", "--prefect-file", str(PREFECT_FILE))
    return [f"{entry['entrypoint'].partition(':')[2].replace('_', '-')}/{entry['name']}" for entry in deployments()]


def deployments() -> list[dict[str, Any]]:
    """Return the deployments that prefect.yaml declares."""
    import yaml  # type: ignore[import-untyped]

    declared = yaml.safe_load(PREFECT_FILE.read_text(encoding="utf-8"))
    return list(declared["deployments"])


def run_worker(settings: Settings, *, has_healthcheck: bool = False) -> NoReturn:
    """Become a worker of the work pool: signals reach it and its exit code is this process's.

    Args:
        settings: Whose home the flows run in.
        has_healthcheck: It tells at PREFECT_WORKER_WEBSERVER_HOST and _PORT whether it asks for work.
    """
    prefect_server.connect(settings)
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", WORK_POOL, "--type", "process"]
    if has_healthcheck:
        os.environ.setdefault("PREFECT_WORKER_WEBSERVER_HOST", "127.0.0.1")
        command.append("--with-healthcheck")
    os.chdir(ROOT)
    # A script's background process ignores SIGINT, and Prefect's worker ends itself by one when it is told to stop.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execve(sys.executable, command, _make_child_environment(settings))


def _run_prefect(*arguments: str) -> None:
    command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=change_environment({"SNOWCAST_ROOT": str(ROOT)}, apply=False),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise SourceError(f"`prefect {' '.join(arguments[:2])}` failed: {lines[-1]}")


def _make_child_environment(settings: Settings) -> dict[str, str]:
    return change_environment({"SNOWCAST_HOME": str(settings.home)}, apply=False)
