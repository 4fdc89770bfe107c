"""The plan: what is declared, held against what the server has.

What is missing is made, what differs is set. What is there and declared nowhere is told and left to a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.deploy.prefect.automations import NAME_PREFIX
from flows.deploy.prefect.declared import WORK_POOL, Declared, Fields
from flows.deploy.prefect.pools import SLACK, Blocks

DEPLOYMENT, AUTOMATION, POOL, BLOCK = "deployment", "automation", "work pool", "block"
_IN_THE_BROWSER = "resume it in Prefect's user interface"


@dataclass(frozen=True)
class Change:
    """One difference.

    Attributes:
        sign: + is made, ~ is changed, ! is left to a person.
        kind: Of what: deployment, automation, work pool, block.
        name: Its name on the server.
        why: What is there instead.
        advice: Of what is left: what makes the difference go.
    """

    sign: str
    kind: str
    name: str
    why: str
    advice: str = ""

    @property
    def what(self) -> str:
        """The object in words."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Present:
    """What a server has.

    Attributes:
        pool: Type of our work pool, and whether it is paused; None where it is not there.
        deployments: By `flow/name`, those of our work pool and those of declared names.
        paused: The deployments of them that are paused.
        automations: By name, all of them; actions name deployments and blocks where they are known.
        repeated: Names that several automations have.
        has_block: Whether the declared block is there.
        pool_values: Defaults of the work pool's job template.
        blocks: What is kept in the blocks that are made of settings.
    """

    pool: tuple[str, bool] | None
    deployments: dict[str, Fields] = field(default_factory=dict)
    paused: frozenset[str] = frozenset()
    automations: dict[str, Fields] = field(default_factory=dict)
    repeated: frozenset[str] = frozenset()
    has_block: bool = False
    pool_values: Fields = field(default_factory=dict)
    blocks: Blocks = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing of ours was ever deployed."""
        return self.pool is None and not self.deployments


def make_plan(declared: Declared, present: Present) -> list[Change]:
    """Return the differences, in the order in which they are made; what is left to a person comes last."""
    found = [
        *_compare_blocks(declared, present),
        *_compare_pool(declared, present),
        *_compare_deployments(declared, present),
        *_compare_automations(declared, present),
    ]
    return sorted(found, key=lambda change: change.sign == "!")


def _compare_blocks(declared: Declared, present: Present) -> Iterator[Change]:
    """What is kept for us; what it is is told nowhere."""
    for (kind, name), secret in declared.blocks.items():
        there = present.blocks.get((kind, name))
        if there is None:
            yield Change("+", BLOCK, f"{kind}/{name}", "is not there")
        elif there.get_secret_value() != secret.get_secret_value():
            yield Change("~", BLOCK, f"{kind}/{name}", "keeps something else than the setting")


def _compare_pool(declared: Declared, present: Present) -> Iterator[Change]:
    if present.pool is None:
        yield Change("+", POOL, WORK_POOL, "is not there")
        return
    kind, is_paused = present.pool
    wanted = declared.pool
    if kind != wanted.type:
        advice = f"prefect work-pool delete {WORK_POOL}, then deploy again"
        yield Change("!", POOL, WORK_POOL, f"type is {kind}, declared is {wanted.type}", advice)
    else:
        ours = {name: present.pool_values.get(name) for name in wanted.values}
        for why in _tell_differences(wanted.values, {name: value for name, value in ours.items() if value is not None}):
            yield Change("~", POOL, WORK_POOL, f"job template's {why}")
    if is_paused:
        yield Change("!", POOL, WORK_POOL, "is paused", f"prefect work-pool resume {WORK_POOL}")


def _compare_deployments(declared: Declared, present: Present) -> Iterator[Change]:
    for name, fields in declared.deployments.items():
        there = present.deployments.get(name)
        if there is None:
            yield Change("+", DEPLOYMENT, name, "is not there")
            continue
        for why in _tell_differences(fields, there):
            yield Change("~", DEPLOYMENT, name, why)
        for trigger in _find_triggers(name, present):
            yield Change("~", DEPLOYMENT, name, f"has a trigger that is declared nowhere: {trigger}")
        if name in present.paused:
            yield Change("!", DEPLOYMENT, name, "is paused", _IN_THE_BROWSER)
    for name in sorted(present.deployments.keys() - declared.deployments.keys()):
        advice = f"prefect deployment delete {name}"
        yield Change("!", DEPLOYMENT, name, f"is in work pool {WORK_POOL} and declared nowhere", advice)


def _compare_automations(declared: Declared, present: Present) -> Iterator[Change]:
    has_block = present.has_block or (SLACK, declared.block) in declared.blocks
    if declared.block and not has_block:
        why = "is not there: SNOWCAST_SLACK_WEBHOOK_BLOCK names it, and notifications go through it"
        yield Change("!", BLOCK, f"slack-webhook/{declared.block}", why, "make it in Prefect, then deploy again")
    for name, fields in declared.automations.items():
        there = present.automations.get(name)
        if is_notification(fields) and not has_block:
            continue
        if there is None:
            yield Change("+", AUTOMATION, name, "is not there")
            continue
        for why in _tell_differences(_flatten(fields), _flatten(there)):
            yield Change("~", AUTOMATION, name, why)
        if name in present.repeated:
            yield Change("!", AUTOMATION, name, "is there more than once", f"prefect automation delete {name}")
    for name in sorted(present.automations.keys() - declared.automations.keys()):
        if name.startswith(NAME_PREFIX):
            why = "is declared nowhere"
            if is_notification(present.automations[name]) and not declared.block:
                why = "notifies, and SNOWCAST_SLACK_WEBHOOK_BLOCK is not set here"
            yield Change("!", AUTOMATION, name, why, f"prefect automation delete {name}")


def is_notification(automation: Mapping[str, Any]) -> bool:
    """Whether an automation tells people something."""
    return any(action.get("type") == "send-notification" for action in automation["actions"])


def _find_triggers(deployment: str, present: Present) -> list[str]:
    """Find the automations that `prefect deploy` once made of triggers in the file; deploying again removes them."""
    pattern = re.compile(re.escape(deployment.rpartition("/")[2]) + r"__automation_\d+")
    return [name for name in present.automations if pattern.fullmatch(name)]


def _flatten(automation: Mapping[str, Any]) -> Fields:
    """Return an automation with the parts of its trigger beside its other fields, so that each is told by itself."""
    trigger = {f"trigger {key}": value for key, value in automation["trigger"].items()}
    return {**{key: value for key, value in automation.items() if key != "trigger"}, **trigger}


def _tell_differences(declared: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(declared.keys() | there.keys(), key=[*declared, *there].index):
        if declared.get(key) != there.get(key):
            yield f"{key} is {_format(there.get(key))}, declared is {_format(declared.get(key))}"


def _format(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "; ".join(value) or "not set"
    return "not set" if value in (None, {}, []) else str(value)
