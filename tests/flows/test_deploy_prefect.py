"""`snowcast deploy prefect` on a real server: empty, applied, drifted, applied again, and what it then notifies of."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flows.deploy.prefect.automations import STALE_AFTER
from flows.services.prefect_server import PrefectServer
from tests.alerts.receiver import Receiver, receiving
from tests.flows.conftest import Snowcast

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

_PATIENCE_SECONDS = 120
IN_PLACE = "Everything is in place.\n"
STALE = "snowcast-stale-twitch"


@pytest.fixture
def client(snowcast, server: PrefectServer) -> Iterator[SyncPrefectClient]:
    """A client of the server; it asks again where the server's database is busy, as the commands do."""
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

    here = {PREFECT_API_URL: server.api_url, PREFECT_API_AUTH_STRING: f"snowcast:{server.secret}"}
    with temporary_settings(here), get_client(sync_client=True) as one:  # whatever server another test has left
        yield one
        for automation in one.read_automations():
            if automation.actions[0].type == "send-notification":  # its receiver is gone
                one.delete_automation(automation.id)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def examine(snowcast: Snowcast) -> tuple[str, str]:
    """State and detail of the deployments, as `snowcast doctor` tells them."""
    return next(
        (one["state"], one["detail"])
        for one in json.loads(snowcast("doctor", "--json").out)
        if one["check"] == "deployments"
    )


def drift(client: SyncPrefectClient) -> None:
    """Change a schedule, delete an automation, and register a deployment that is declared nowhere."""
    from prefect.client.schemas.schedules import CronSchedule

    twitch = client.read_deployment_by_name("ingest-twitch/ingest-twitch")
    client.update_deployment_schedule(twitch.id, twitch.schedules[0].id, schedule=CronSchedule(cron="0 * * * *"))
    client.delete_automation(client.read_automations_by_name(STALE)[0].id)
    client.create_deployment(twitch.flow_id, "old", work_pool_name="snowcast")


@pytest.mark.lengthy
def test_a_server_gets_what_is_declared_and_only_what_differs(snowcast, client, receiver, monkeypatch):
    assert examine(snowcast) == ("note", "nothing is deployed; `snowcast deploy prefect` does it")
    planned = snowcast("deploy", "prefect", "--plan")
    assert planned.code == 0, planned.err
    assert "+ work pool snowcast: is not there\n" in planned.out
    assert "Set SNOWCAST_SLACK_WEBHOOK_URL to be notified of a late run, a failed or crashed run" in planned.out
    assert not client.read_deployments(), "a plan changes nothing"

    applied = snowcast("deploy", "prefect")
    assert applied.code == 0, applied.err
    assert "+ deployment ingest-twitch/ingest-twitch\n" in applied.out
    assert "+ automation snowcast-transform-after-ingest\n" in applied.out
    assert IN_PLACE in applied.out
    assert snowcast("deploy", "prefect", "--plan").out.startswith(IN_PLACE)

    block = {"SNOWCAST_SLACK_WEBHOOK_BLOCK": "deployed"}
    assert "! block slack-webhook/deployed: is not there" in snowcast("deploy", "prefect", **block).out
    keep_webhook("deployed", receiver)
    notified = snowcast("deploy", "prefect")
    assert (notified.out.count("+ automation"), IN_PLACE in notified.out) == (7, True)
    assert snowcast("deploy", "prefect").out.startswith(IN_PLACE)

    drift(client)
    assert examine(snowcast) == ("note", "3 differences; `snowcast deploy prefect --plan` shows them")
    differing = [
        "~ deployment ingest-twitch/ingest-twitch: schedules is 0 * * * * UTC, declared is */15 * * * * UTC",
        f"+ automation {STALE}: is not there",
        "! deployment ingest-twitch/old: is in work pool snowcast and declared nowhere",
        "    prefect deployment delete ingest-twitch/old",
        "1 to make, 1 to change, 1 left to you",
    ]
    assert snowcast("deploy", "prefect", "--plan").out.splitlines() == differing
    monkeypatch.setitem(STALE_AFTER, "ingest-twitch", timedelta(seconds=10))
    again = snowcast("deploy", "prefect").out.splitlines()
    assert again[:3] == ["~ deployment ingest-twitch/ingest-twitch", f"+ automation {STALE}", differing[2]]
    client.delete_deployment(client.read_deployment_by_name("ingest-twitch/old").id)
    assert snowcast("deploy", "prefect", "--plan").out == IN_PLACE
    assert examine(snowcast)[0] == "ok"

    check_notices(client, receiver)


def test_pools_of_containers_are_made_and_changed_on_the_server(snowcast, client, monkeypatch):
    from flows.deploy.prefect import deploy, plan, present
    from flows.deploy.prefect.declared import declare
    from flows.settings import load_settings

    monkeypatch.setenv("SNOWCAST_WAREHOUSE", "snowflake")
    monkeypatch.setenv("SNOWFLAKE_ACCOUNT", "an-account")
    monkeypatch.setenv("SNOWCAST_TWITCH_CLIENT_SECRET", "hush-hush")

    def differences() -> list[str]:
        declared = declare(load_settings())
        found = present.read_present(client, declared)
        return [
            f"{one.sign} {one.what}: {one.why}" for one in plan.make_plan(declared, found) if one.kind != "deployment"
        ]

    for kind in ("docker", "kubernetes", "spcs"):
        monkeypatch.setenv("SNOWCAST_WORK_POOL_TYPE", kind)
        monkeypatch.setenv("SNOWCAST_WORKER_IMAGE", "registry.example/snowcast:1")
        for module in (deploy, plan, present):
            monkeypatch.setattr(module, "WORK_POOL", f"pool-{kind}")
        deploy._upsert_pool(load_settings(), is_new=True)
        made = client.read_work_pool(f"pool-{kind}")
        assert "hush-hush" not in json.dumps(made.base_job_template)
        assert "prefect.blocks.secret.snowcast-twitch-client-secret" in json.dumps(made.base_job_template)
        assert not [one for one in differences() if "work pool" in one]
        monkeypatch.setenv("SNOWCAST_WORKER_IMAGE", "registry.example/snowcast:2")
        told = f"~ work pool pool-{kind}: job template's image is registry.example/snowcast:1, declared is "
        assert [one for one in differences() if "work pool" in one] == [f"{told}registry.example/snowcast:2"]
        deploy._upsert_pool(load_settings(), is_new=False)
        assert not [one for one in differences() if "work pool" in one]
        client.delete_work_pool(f"pool-{kind}")


def test_secrets_and_the_webhook_are_kept_in_blocks(snowcast, client):
    from pydantic import SecretStr

    from flows.deploy.prefect.pools import read_blocks, save_block

    names = [("secret", "snowcast-kept"), ("slack-webhook", "snowcast-kept")]
    assert read_blocks(client, names) == {}
    for content in ("https://hooks.slack.com/services/a/b/c", "https://hooks.slack.com/services/d/e/f"):
        for kind, name in names:
            save_block(kind, name, SecretStr(content))
        assert read_blocks(client, names) == dict.fromkeys(names, SecretStr(content))


def keep_webhook(name: str, receiver: Receiver) -> None:
    """Keep the receiver's address in a block; `json` has its messages sent to it as they are."""
    from prefect.blocks.notifications import SlackWebhook
    from pydantic import SecretStr

    SlackWebhook(url=SecretStr(receiver.url.replace("http://", "json://"))).save(name, overwrite=True, _sync=True)


def check_notices(client: SyncPrefectClient, receiver: Receiver) -> None:
    """A run that fails, one that is late, a quarantine above the threshold and a source without runs are told.

    A second failure within the hour is not.
    """
    from prefect.states import Failed, Late

    twitch = client.read_deployment_by_name("ingest-twitch/ingest-twitch")
    runs = [client.create_flow_run_from_deployment(twitch.id) for _ in range(2)]
    client.set_flow_run_state(runs[0].id, Late(), force=True)
    for run in runs:
        client.set_flow_run_state(run.id, Failed(message="Twitch refuses"), force=True)
    emit_quarantine()
    words = ("No run of ", "of ingest-twitch has not begun in time", "of ingest-twitch: Failed", " refused ")
    # What the schedules ask for while nobody works is late too: that is told of each deployment, once an hour.
    deadline = time.monotonic() + _PATIENCE_SECONDS
    told: list[list[str]] = [[]]
    while not all(told) and time.monotonic() < deadline:
        time.sleep(0.2)
        told = [[text for text in receiver.texts if word in text] for word in words]
    assert [len(one) for one in told] == [1, 1, 1, 1], receiver.texts
    (stale,), _, (failed,), (quarantined,) = told
    assert "of ingest-twitch" in stale
    assert failed.endswith("of ingest-twitch: Failed. Twitch refuses")
    assert quarantined.startswith("transform refused 101 records: stg_twitch_streams 101. ")
    for run in runs:  # another test looks for runs that failed
        client.delete_flow_run(run.id)


def emit_quarantine() -> None:
    """Do what a run does that quarantined 101 records of the 100 that may be, and one that quarantined 100."""
    from dataclasses import dataclass
    from datetime import UTC, datetime

    from flows.settings import load_settings
    from flows.steps.artifacts import tell_quarantine
    from flows.steps.run import Run

    @dataclass
    class Build:
        table_name: str
        rows_quarantined: int

    for run_id, count in (("quiet", 100), ("loud", 101)):
        run = Run(run_id, "transform", load_settings(), datetime.now(UTC))
        run.builds = [Build("stg_twitch_streams", count), Build("stg_twitch_games", 0)]  # type: ignore[list-item]
        tell_quarantine(run)
