"""What a Prefect server should have: the deployments of prefect.yaml and the automations, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.deploy.prefect.automations import declare_automations, list_notices
from flows.deploy.prefect.pools import CODE_IN_IMAGE, PROCESS, SLACK, Blocks, Pool, declare_pool
from flows.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
PREFECT_FILE = ROOT / "deployments" / "prefect.yaml"
WORK_POOL = "snowcast"
SLACK_BLOCK = "snowcast-alerts"

Fields = dict[str, Any]


@dataclass(frozen=True)
class Declared:
    """What the server should have.

    Attributes:
        deployments: By `flow/name`, the fields that are compared: words as the plan tells them.
        automations: By name: description, enabled, trigger, actions (which name deployment and block).
        block: The SlackWebhook block that notifications go through; None where none is set.
        untold: Notifications that are left out because no block is set.
        pool: The work pool.
        blocks: Blocks that are made of settings.
    """

    deployments: dict[str, Fields]
    automations: dict[str, Fields]
    block: str | None
    untold: list[str]
    pool: Pool = field(default_factory=lambda: Pool(PROCESS))
    blocks: Blocks = field(default_factory=dict)


def deployments() -> list[dict[str, Any]]:
    """Return the deployments that prefect.yaml declares."""
    return _read_file(PREFECT_FILE.read_text(encoding="utf-8"))["deployments"]  # type: ignore[no-any-return]


def declare(settings: Settings) -> Declared:
    """Return what a server should have with these settings."""
    text = PREFECT_FILE.read_text(encoding="utf-8")
    for name, value in file_variables(settings).items():
        text = text.replace(f"{{{{ ${name} }}}}", value)
    content = _read_file(text)
    found = {
        f"{one['entrypoint'].partition(':')[2].replace('_', '-')}/{one['name']}": _normalize(one, content["pull"])
        for one in content["deployments"]
    }
    ingests = {name.rpartition("/")[2]: fields for name, fields in found.items() if "ingest" in fields["tags"]}
    scheduled = [
        name for name, fields in ingests.items() if any(not one.endswith(" off") for one in fields["schedules"])
    ]
    pool, webhook = declare_pool(settings), settings.slack_webhook_url
    block = SLACK_BLOCK if webhook else settings.slack_webhook_block
    blocks = {**pool.secrets, **({(SLACK, SLACK_BLOCK): webhook} if webhook else {})}
    automations = declare_automations(list(ingests), scheduled, WORK_POOL, block)
    return Declared(found, automations, block, [] if block else list_notices(), pool, blocks)


def file_variables(settings: Settings) -> dict[str, str]:
    """Return the variables that prefect.yaml names."""
    place = str(ROOT) if settings.work_pool_type == PROCESS else CODE_IN_IMAGE
    return {"SNOWCAST_ROOT": place, "SNOWCAST_READS_IDENTITY": str(settings.identity_url is not None).lower()}


def format_schedule(schedule: Mapping[str, Any], active: Any) -> str:
    """Return a schedule in words; a server and the file tell it by the same keys."""
    words = [str(schedule[key]) for key in ("cron", "interval", "rrule") if schedule.get(key)]
    return " ".join([*words, schedule.get("timezone") or "UTC", *([] if str(active).lower() == "true" else ["off"])])


def _read_file(text: str) -> dict[str, Any]:
    import yaml  # type: ignore[import-untyped]

    return dict(yaml.safe_load(text))


def _normalize(one: Mapping[str, Any], pull: list[dict[str, Any]]) -> Fields:
    limit = one.get("concurrency_limit") or {}
    return {
        "entrypoint": one["entrypoint"],
        "schedules": sorted(
            format_schedule(schedule, schedule.get("active", True)) for schedule in one.get("schedules", [])
        ),
        "tags": sorted(one.get("tags", [])),
        "description": one["description"],
        "parameters": one.get("parameters", {}),
        "concurrency limit": limit.get("limit"),
        "collision strategy": limit.get("collision_strategy"),
        "work pool": one["work_pool"]["name"],
        "pull steps": pull,
    }
