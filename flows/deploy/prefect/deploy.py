"""Deploying into a Prefect server: plan, and apply what differs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from flows.deploy.prefect.declared import PREFECT_FILE, ROOT, WORK_POOL, Declared, declare, file_variables
from flows.deploy.prefect.plan import AUTOMATION, BLOCK, DEPLOYMENT, POOL, Change, Present, make_plan
from flows.deploy.prefect.pools import make_template, save_block
from flows.deploy.prefect.present import find_block, open_client, read_automations, read_present
from flows.errors import SourceError
from flows.services import prefect_server
from flows.settings import Settings, change_environment

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient


def plan_deployment(settings: Settings) -> list[Change]:
    """Return what differs between what is declared and what the server has; changes nothing.

    Raises:
        SourceError: The server does not answer.
    """
    prefect_server.connect(settings)
    return compare(settings)[0]


def apply_deployment(settings: Settings, on_change: Callable[[Change], None] = lambda change: None) -> list[Change]:
    """Make the differences go, telling `on_change` of each when it is made; returns what is left to a person.

    Raises:
        SourceError: The server does not answer, or refused.
    """
    changes = plan_deployment(settings)
    made = [change for change in changes if change.sign != "!"]
    _save_blocks(settings, [change.name for change in made if change.kind == BLOCK])
    if pools := [change for change in made if change.kind == POOL]:
        _upsert_pool(settings, is_new=pools[0].sign == "+")
    _register(settings, [change.name for change in made if change.kind == DEPLOYMENT])
    for change in made:
        if change.kind != AUTOMATION:
            on_change(change)
    # An automation names its deployment by an id, which the server has given by now.
    declared = declare(settings)
    with open_client() as client:
        automations = [one for one in make_plan(declared, read_present(client, declared)) if one.kind == AUTOMATION]
        for change in [one for one in automations if one.sign != "!"]:
            _upsert(client, declared, change.name)
            on_change(change)
    return compare(settings)[0]


def compare(settings: Settings) -> tuple[list[Change], Present]:
    """Return the differences, and what the server has that the environment names.

    Raises:
        SourceError: The server does not answer.
    """
    declared = declare(settings)
    with open_client() as client:
        present = read_present(client, declared)
    return make_plan(declared, present), present


def _save_blocks(settings: Settings, names: Sequence[str]) -> None:
    for (kind, name), secret in declare(settings).blocks.items():
        if f"{kind}/{name}" in names:
            save_block(kind, name, secret)


def _upsert_pool(settings: Settings, *, is_new: bool) -> None:
    """Make the work pool, or set the job template of the one that is there."""
    from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate

    pool = declare(settings).pool
    with open_client() as client:
        template = make_template(client, pool)
        if is_new:
            client.create_work_pool(WorkPoolCreate(name=WORK_POOL, type=pool.type, base_job_template=template))
        else:
            client.update_work_pool(WORK_POOL, WorkPoolUpdate(base_job_template=template))


def _register(settings: Settings, names: Sequence[str]) -> None:
    """Register deployments as the file has them, whole."""
    chosen = [part for name in dict.fromkeys(names) for part in ("--name", name)]
    if chosen:
        _run_prefect(settings, "deploy", "--prefect-file", str(PREFECT_FILE), *chosen)


def _upsert(client: SyncPrefectClient, declared: Declared, name: str) -> None:
    """Make an automation, or set the one that has its name."""
    from prefect.events.schemas.automations import AutomationCore

    fields = declared.automations[name]
    actions = [_resolve(client, action) for action in fields["actions"]]
    automation = AutomationCore.model_validate({**fields, "name": name, "tags": ["snowcast"], "actions": actions})
    there = [one.id for one in read_automations(client) if one.name == name]
    if there:
        client.update_automation(there[0], automation)
    else:
        client.create_automation(automation)


def _resolve(client: SyncPrefectClient, action: dict[str, Any]) -> dict[str, Any]:
    """Replace the names in an action by the ids that the server gave."""
    if action["type"] == "run-deployment":
        found = client.read_deployment_by_name(action["deployment"])
        return {"type": action["type"], "source": "selected", "deployment_id": str(found.id)}
    rest = {key: value for key, value in action.items() if key != "block"}
    return {**rest, "block_document_id": find_block(client, action["block"])}


def _run_prefect(settings: Settings, *arguments: str) -> None:
    command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=change_environment(file_variables(settings), apply=False),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise SourceError(f"`prefect {' '.join(arguments[:2])}` failed: {lines[-1]}")
