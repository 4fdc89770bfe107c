"""The automations: what a Prefect server does by itself when something happens, or does not.

They are kept on the server by their names, which begin with `snowcast-`. Notifications go through the SlackWebhook
block that SNOWCAST_SLACK_WEBHOOK_BLOCK names; each tells a deployment's trouble once an hour at most, because one that
fails every minute is one trouble.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

NAME_PREFIX = "snowcast-"
TRANSFORM = "transform/transform"
ABOVE_THRESHOLD = "snowcast.quarantine.above-threshold"
_QUIET = timedelta(hours=1)
_EACH_DEPLOYMENT = ["related:deployment:prefect.resource.id"]

# How long after its last completed run a scheduled ingest counts as stale: time for a run or two that fail.
STALE_AFTER = {
    "ingest-twitch": timedelta(minutes=45),
    "ingest-amplitude": timedelta(hours=3),
    "ingest-billing": timedelta(hours=26),
    "ingest-livelogs": timedelta(hours=26),
    "ingest-identity": timedelta(hours=26),
}


@dataclass(frozen=True)
class Notice:
    """A notification: what happened, and the message (a template that Prefect fills in)."""

    name: str
    of: str
    trigger: Mapping[str, Any]
    subject: str
    body: str


def declare_automations(
    ingests: Sequence[str], scheduled: Sequence[str], pool: str, block: str | None
) -> dict[str, dict[str, Any]]:
    """Return the automations by name.

    Args:
        ingests: Deployments that ingest.
        scheduled: Those of them whose schedule is on.
        pool: The work pool of all our runs.
        block: SlackWebhook block for notifications; without one there are none.
    """
    run_transform = {"type": "run-deployment", "deployment": TRANSFORM}
    found = {
        f"{NAME_PREFIX}transform-after-ingest": _make(
            "Run the transform when an ingest has completed.", _match_completed(list(ingests)), run_transform
        )
    }
    for notice in [*_list_troubles(pool), *map(_make_stale_notice, scheduled)] if block else []:
        message = {"type": "send-notification", "block": block, "subject": notice.subject, "body": notice.body}
        found[f"{NAME_PREFIX}{notice.name}"] = _make(f"Notify of {notice.of}.", notice.trigger, message)
    return found


def list_notices() -> list[str]:
    """Return what people can be notified of, in words."""
    return [*(notice.of for notice in _list_troubles("")), "a stale source"]


def normalize_trigger(trigger: Mapping[str, Any]) -> dict[str, Any]:
    """Return a trigger as the server would tell it: defaults filled in, sets in order, no ids."""
    from prefect.events.schemas.automations import AutomationCore

    told = AutomationCore.model_validate({"name": "any", "trigger": dict(trigger), "actions": []})
    content = told.trigger.model_dump(mode="json")
    return {key: sorted(value) if key in ("after", "expect", "for_each") else value for key, value in content.items()}


def _make(description: str, trigger: Mapping[str, Any], action: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "description": description,
        "enabled": True,
        "trigger": normalize_trigger({"type": "event", **trigger}),
        "actions": [dict(action)],
    }


def _list_troubles(pool: str) -> Iterator[Notice]:
    ours = {"prefect.resource.name": pool, "prefect.resource.role": "work-pool"}
    once_an_hour = {"posture": "Reactive", "threshold": 1, "within": _QUIET}
    runs = {
        "match": {"prefect.resource.id": "prefect.flow-run.*"},
        "match_related": ours,
        "for_each": _EACH_DEPLOYMENT,
        **once_an_hour,
    }
    yield Notice(
        "late-run",
        "a late run",
        {**runs, "expect": ["prefect.flow-run.Late"]},
        "Snowcast: {{ deployment.name }} is late",
        "Run {{ flow_run.name }} of {{ deployment.name }} has not begun in time. Does `snowcast worker` run?",
    )
    failed = ["prefect.flow-run.Failed", "prefect.flow-run.Crashed", "prefect.flow-run.TimedOut"]
    yield Notice(
        "failed-run",
        "a failed or crashed run",
        {**runs, "expect": failed},
        "Snowcast: {{ deployment.name }} failed",
        "Run {{ flow_run.name }} of {{ deployment.name }}: {{ flow_run.state.name }}. {{ flow_run.state.message }}",
    )
    yield Notice(
        "quarantine-above-threshold",
        "a quarantine above the threshold",
        {"match": {"prefect.resource.id": "snowcast.flow.*"}, "expect": [ABOVE_THRESHOLD]},
        "Snowcast: {{ event.payload.records }} records quarantined",
        "{{ event.payload.flow }} refused {{ event.payload.records }} records: {{ event.payload.tables }}. "
        "`snowcast quarantine list` shows them.",
    )


def _match_completed(deployments: str | list[str]) -> dict[str, Any]:
    """Return what matches the completed runs of deployments."""
    return {
        "match": {"prefect.resource.id": "prefect.flow-run.*"},
        "match_related": {"prefect.resource.name": deployments, "prefect.resource.role": "deployment"},
        "expect": ["prefect.flow-run.Completed"],
    }


def _make_stale_notice(ingest: str) -> Notice:
    hours = f"{STALE_AFTER[ingest].total_seconds() / 3600:g}"
    source = ingest.removeprefix("ingest-")
    trigger = {**_match_completed(ingest), "posture": "Proactive", "threshold": 1, "within": STALE_AFTER[ingest]}
    return Notice(
        f"stale-{source}",
        f"a stale source: {source}",
        trigger,
        f"Snowcast: {source} is stale",
        f"No run of {ingest} has completed for {hours} h.",
    )
