"""What a Prefect server has of ours, asked through its API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from flows.deploy.prefect.automations import normalize_trigger
from flows.deploy.prefect.declared import WORK_POOL, Declared, Fields, format_schedule
from flows.deploy.prefect.plan import Present
from flows.deploy.prefect.pools import SLACK, One, read_blocks, read_if_there, read_values
from flows.errors import SourceError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.responses import DeploymentResponse
    from prefect.events.schemas.automations import Automation

_PAGE = 200


@contextmanager
def open_client() -> Iterator[SyncPrefectClient]:
    """Open a client of the server that the environment names.

    Raises:
        SourceError: It does not answer, or refuses.
    """
    from prefect.client.orchestration import get_client

    try:
        with get_client(sync_client=True) as client:
            yield client
    except httpx.HTTPStatusError as error:
        asked = error.request.url.path
        raise SourceError(f"The Prefect server answered {error.response.status_code} to {asked}.") from None
    except httpx.HTTPError as error:
        raise SourceError(f"The Prefect server does not answer ({type(error).__name__}).") from None


def read_present(client: SyncPrefectClient, declared: Declared) -> Present:
    """Return what the server has of what is declared, and of ours beside it."""
    deployments = _read_deployments(client, declared)
    block = find_block(client, declared.block)
    names = {str(one.id): name for name, one in deployments.items()}
    if block:
        names[block] = str(declared.block)
    automations = read_automations(client)
    counts = Counter(one.name for one in automations)
    pool = read_if_there(lambda: client.read_work_pool(WORK_POOL))
    return Present(
        pool=(pool.type, pool.is_paused) if pool else None,
        pool_values=read_values(pool.base_job_template) if pool else {},
        blocks=read_blocks(client, declared.blocks),
        deployments={name: _normalize_deployment(one) for name, one in deployments.items()},
        paused=frozenset(name for name, one in deployments.items() if one.paused),
        automations={one.name: _normalize_automation(one, names) for one in automations},
        repeated=frozenset(name for name, count in counts.items() if count > 1),
        has_block=block is not None,
    )


def read_automations(client: SyncPrefectClient) -> list[Automation]:
    """Return all automations of the server."""
    return _read_pages(lambda offset: client.read_automations(limit=_PAGE, offset=offset))


def find_block(client: SyncPrefectClient, name: str | None) -> str | None:
    """Return the id of a SlackWebhook block, or None where the server has none of that name."""
    if name is None:
        return None
    found = read_if_there(lambda: client.read_block_document_by_name(name, SLACK, include_secrets=False))
    return str(found.id) if found else None


def _read_deployments(client: SyncPrefectClient, declared: Declared) -> dict[str, DeploymentResponse]:
    """Deployments by `flow/name`: those of our work pool, and those of declared names wherever they run."""
    found = _read_pages(lambda offset: client.read_deployments(limit=_PAGE, offset=offset))
    flows = {one.id: one.name for one in _read_pages(lambda offset: client.read_flows(limit=_PAGE, offset=offset))}
    named = {f"{flows.get(one.flow_id, '')}/{one.name}": one for one in found}
    return {name: one for name, one in named.items() if one.work_pool_name == WORK_POOL or name in declared.deployments}


def _read_pages(read: Callable[[int], Sequence[One]]) -> list[One]:
    found: list[One] = []
    while page := read(len(found)):
        found.extend(page)
        if len(page) < _PAGE:
            break
    return found


def _normalize_deployment(one: DeploymentResponse) -> Fields:
    limit, options = one.global_concurrency_limit, one.concurrency_options
    return {
        "entrypoint": one.entrypoint,
        "schedules": sorted(
            format_schedule(schedule.schedule.model_dump(mode="json"), schedule.active) for schedule in one.schedules
        ),
        "tags": sorted(one.tags),
        "description": one.description,
        "parameters": one.parameters,
        "concurrency limit": limit.limit if limit else None,
        "collision strategy": options.collision_strategy.value if options else None,
        "work pool": one.work_pool_name,
        "pull steps": one.pull_steps or [],
    }


def _normalize_automation(one: Automation, names: dict[str, str]) -> Fields:
    return {
        "description": one.description,
        "enabled": one.enabled,
        "trigger": normalize_trigger(one.trigger.model_dump(mode="json")),
        "actions": [_normalize_action(action.model_dump(mode="json"), names) for action in one.actions],
    }


def _normalize_action(action: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """Name deployment and block of an action, and leave out what has no value of its own."""
    kind = action["type"]
    if kind == "run-deployment" and not (action.get("parameters") or action.get("job_variables")):
        identity = str(action.get("deployment_id"))
        return {"type": kind, "deployment": names.get(identity, identity)}
    if kind == "send-notification":
        identity = str(action["block_document_id"])
        texts = {"subject": action["subject"], "body": action["body"]}
        return {"type": kind, "block": names.get(identity, identity), **texts}
    return action
