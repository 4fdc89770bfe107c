"""The work pool: where runs go on, and the job template by which its worker starts them.

A process pool runs them beside its worker. Docker, Kubernetes and (experimental) Snowpark Container Services start a
container of the image for each run: its environment is the settings that are set here. What is secret is no part of the
template: it stands there as a reference to a Secret block, which the worker resolves when a run begins.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import SecretStr

from flows.errors import ConfigError
from flows.settings import Settings, list_given_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from prefect.client.orchestration import SyncPrefectClient

PROCESS = "process"
# Prefect's name of each type, the package that knows it, and what is to be installed to have it.
TYPES = {
    "process": (PROCESS, "prefect", ""),
    "docker": ("docker", "prefect_docker", "snowcast[docker]"),
    "kubernetes": ("kubernetes", "prefect_kubernetes", "snowcast[kubernetes]"),
    "spcs": ("snowpark-container-service", "prefect_snowflake", "snowcast"),
}
CODE_IN_IMAGE = "/opt/snowcast"
_NOT_IN_CONTAINERS = ("SNOWCAST_HOME", "SNOWCAST_WORK_POOL_TYPE", "SNOWCAST_WORKER_IMAGE", "PREFECT_API_URL")
Blocks = dict[tuple[str, str], SecretStr]  # (type, name) -> what it keeps
One = TypeVar("One")
SLACK, SECRET = "slack-webhook", "secret"
_FIELDS = {SLACK: "url", SECRET: "value"}


@dataclass(frozen=True)
class Pool:
    """A work pool.

    Attributes:
        type: As Prefect names it.
        values: Defaults of its job template that are ours: image, env, command; none of a process pool.
        secrets: Secret blocks that its template refers to.
    """

    type: str
    values: dict[str, Any] = field(default_factory=dict)
    secrets: Blocks = field(default_factory=dict)


def declare_pool(settings: Settings) -> Pool:
    """Return the work pool that the settings ask for.

    Raises:
        ConfigError: Containers are asked for, and the warehouse is the embedded one, which belongs to one machine.
    """
    kind = TYPES[settings.work_pool_type][0]
    if kind == PROCESS:
        return Pool(kind)
    if settings.warehouse == "embedded":
        raise ConfigError(
            f"SNOWCAST_WORK_POOL_TYPE={settings.work_pool_type} starts a container for each run, and the embedded "
            "warehouse belongs to one home. Set SNOWCAST_WAREHOUSE=snowflake, or leave the type at process."
        )
    given = {name: value for name, value in list_given_variables().items() if name not in _NOT_IN_CONTAINERS}
    secrets = {name: value for name, value in given.items() if isinstance(value, SecretStr)}
    names = {name: name.lower().replace("_", "-") for name in secrets}
    env = {
        name: f"{{{{ prefect.blocks.secret.{names[name]} }}}}" if name in secrets else str(value)
        for name, value in given.items()
    }
    values = {"image": settings.worker_image, "env": env, "command": "flow-run"}
    return Pool(kind, values, {("secret", names[name]): value for name, value in secrets.items()})


def make_template(client: SyncPrefectClient, pool: Pool) -> dict[str, Any]:
    """Return the job template: Prefect's own of that type, with our defaults.

    Raises:
        ConfigError: Neither the server nor a package here knows the type.
    """
    template = _find_default_template(client, pool.type)
    if template is None:
        raise ConfigError(f"Prefect knows no work pool of type {pool.type} here. {_tell_package(pool.type)}")
    template = deepcopy(template)
    for name, value in pool.values.items():
        template["variables"]["properties"].setdefault(name, {})["default"] = value
    template["variables"]["required"] = [
        name for name in template["variables"].get("required", []) if name not in pool.values
    ]
    return template


def read_values(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults that a job template has."""
    properties = template.get("variables", {}).get("properties", {})
    return {name: one["default"] for name, one in properties.items() if "default" in one}


def check_package(settings: Settings) -> str:
    """Return the type of the pool's worker.

    Raises:
        ConfigError: The package that knows it is not installed.
    """
    if lack := tell_lacking_package(settings):
        raise ConfigError(lack)
    return TYPES[settings.work_pool_type][0]


def tell_lacking_package(settings: Settings) -> str:
    """Return what a worker of the settings' pool lacks here, in words; empty where it lacks nothing."""
    kind, module, _ = TYPES[settings.work_pool_type]
    if find_spec(module) is not None:
        return ""
    return f"A worker of type {settings.work_pool_type} needs one more package. {_tell_package(kind)}"


def _tell_package(kind: str) -> str:
    package = next(package for name, _, package in TYPES.values() if name == kind)
    return f"Install it beside Snowcast: pip install '{package}'."


def _find_default_template(client: SyncPrefectClient, kind: str) -> dict[str, Any] | None:
    """The default template of a type: from the server's catalog, or from the package that knows the type."""
    for workers in client.read_worker_metadata().values():
        if kind in workers:
            return dict(workers[kind]["default_base_job_configuration"])
    if kind == TYPES["spcs"][0]:
        from prefect_snowflake.experimental.workers.spcs import SPCSWorker

        return dict(SPCSWorker.get_default_base_job_template())
    return None


def read_blocks(client: SyncPrefectClient, names: Iterable[tuple[str, str]]) -> Blocks:
    """Return what the server keeps in these blocks; those that are not there are left out."""
    found: Blocks = {}
    for kind, name in names:
        read = partial(client.read_block_document_by_name, name, kind, include_secrets=True)
        if document := read_if_there(read):
            found[kind, name] = SecretStr(str(document.data.get(_FIELDS[kind])))
    return found


def read_if_there(read: Callable[[], One]) -> One | None:
    """Return what a server has, or None where it has none of that name."""
    from prefect.exceptions import ObjectNotFound

    try:
        return read()
    except ObjectNotFound:
        return None


def save_block(kind: str, name: str, secret: SecretStr) -> None:
    """Make a block, or give the one of that name another content."""
    from prefect.blocks.notifications import SlackWebhook
    from prefect.blocks.system import Secret

    block = SlackWebhook(url=secret) if kind == SLACK else Secret(value=secret)
    block.save(name, overwrite=True, _sync=True)  # type: ignore[call-arg, unused-ignore]
