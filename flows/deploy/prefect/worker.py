"""The worker of our work pool, which runs deployed flows as they fall due, and what its containers begin with."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

from flows.deploy.prefect.declared import ROOT, WORK_POOL
from flows.deploy.prefect.pools import check_package
from flows.errors import ConfigError
from flows.services import prefect_server
from flows.settings import Settings, change_environment


def run_worker(settings: Settings, *, has_healthcheck: bool = False) -> NoReturn:
    """Become a worker of the work pool: signals reach it and its exit code is this process's.

    With a health check it tells at PREFECT_WORKER_WEBSERVER_HOST and _PORT whether it asks for work.
    """
    kind = check_package(settings)
    prefect_server.connect(settings)
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", WORK_POOL, "--type", kind]
    if has_healthcheck:
        os.environ.setdefault("PREFECT_WORKER_WEBSERVER_HOST", "127.0.0.1")
        command.append("--with-healthcheck")
    os.chdir(ROOT)
    # A script's background process ignores SIGINT, and Prefect's worker ends itself by one when it is told to stop.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execve(sys.executable, command, change_environment({"SNOWCAST_HOME": str(settings.home)}, apply=False))


def run_flow_run() -> NoReturn:
    """Become the run that a worker has started this container for; the worker names it in the environment."""
    if "PREFECT__FLOW_RUN_ID" not in os.environ:
        raise ConfigError("No run to go on with: a work pool's worker starts this command in a container.")
    os.execve(sys.executable, [sys.executable, "-m", "prefect", "flow-run", "execute"], change_environment({}))
