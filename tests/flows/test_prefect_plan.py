"""The plan of a Prefect server on plain values: what is missing, what differs, what is left to a person."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from flows.cli.views.doctor import _check_libraries
from flows.deploy.prefect.automations import NAME_PREFIX, STALE_AFTER
from flows.deploy.prefect.declared import Declared, declare, deployments
from flows.deploy.prefect.plan import Present, make_plan
from flows.deploy.prefect.pools import TYPES, check_package
from flows.deploy.prefect.worker import run_flow_run
from flows.errors import ConfigError
from flows.settings import load_settings

TRANSFORM, TWITCH, IDENTITY = "transform/transform", "ingest-twitch/ingest-twitch", "ingest-identity/ingest-identity"
AFTER_INGEST, STALE = "snowcast-transform-after-ingest", "snowcast-stale-twitch"


@pytest.fixture
def declared() -> Declared:
    return declare(load_settings(slack_webhook_block="alerts"))


@pytest.fixture
def in_place(declared: Declared) -> Present:
    """A server that has all that is declared."""
    return Present(
        pool=("process", False),
        deployments=deepcopy(declared.deployments),
        automations=deepcopy(declared.automations),
        has_block=True,
    )


def told(declared: Declared, present: Present) -> list[str]:
    return [f"{one.sign} {one.what}: {one.why}" for one in make_plan(declared, present)]


def test_an_empty_server_gets_everything_and_the_block_is_left_to_a_person(declared):
    plan = make_plan(declared, Present(pool=None))
    made = [one.what for one in plan if one.sign == "+"]
    assert made == [
        "work pool snowcast",
        *(f"deployment {name}" for name in declared.deployments),
        f"automation {AFTER_INGEST}",
    ]
    assert [one.what for one in plan if one.sign != "+"] == ["block slack-webhook/alerts"]


def test_what_is_as_declared_needs_nothing(declared, in_place):
    assert told(declared, in_place) == []


def test_each_field_that_differs_is_told_by_itself(declared, in_place):
    in_place.deployments[TWITCH].update(
        {"schedules": ["0 * * * * UTC", "5 5 * * * UTC off"], "collision strategy": "ENQUEUE"}
    )
    in_place.deployments[TRANSFORM].update({"tags": [], "parameters": {"full_refresh": True}})
    in_place.automations[STALE]["trigger"]["within"] = 60.0
    in_place.automations[AFTER_INGEST]["enabled"] = False
    assert told(declared, in_place) == [
        f"~ deployment {TWITCH}: schedules is 0 * * * * UTC; 5 5 * * * UTC off, declared is */15 * * * * UTC",
        f"~ deployment {TWITCH}: collision strategy is ENQUEUE, declared is CANCEL_NEW",
        f"~ deployment {TRANSFORM}: tags is not set, declared is transform",
        f"~ deployment {TRANSFORM}: parameters is {{'full_refresh': True}}, declared is not set",
        f"~ automation {AFTER_INGEST}: enabled is False, declared is True",
        f"~ automation {STALE}: trigger within is 60.0, declared is 2700.0",
    ]


def test_what_is_there_and_declared_nowhere_is_left_to_a_person(declared, in_place):
    in_place.deployments["old-flow/old"] = in_place.deployments[TWITCH]
    in_place.automations["snowcast-old"] = in_place.automations[STALE]
    in_place.automations["of somebody else"] = in_place.automations[STALE]
    present = replace(
        in_place, pool=("docker", True), paused=frozenset({TRANSFORM}), repeated=frozenset({STALE, "of somebody else"})
    )
    assert told(declared, present) == [
        "! work pool snowcast: type is docker, declared is process",
        "! work pool snowcast: is paused",
        f"! deployment {TRANSFORM}: is paused",
        "! deployment old-flow/old: is in work pool snowcast and declared nowhere",
        f"! automation {STALE}: is there more than once",
        "! automation snowcast-old: is declared nowhere",
    ]
    assert all(one.advice for one in make_plan(declared, present))


def test_a_trigger_of_an_older_prefect_file_goes_when_its_deployment_is_registered_again(declared, in_place):
    in_place.automations["transform__automation_1"] = in_place.automations[AFTER_INGEST]
    why = "has a trigger that is declared nowhere: transform__automation_1"
    assert told(declared, in_place) == [f"~ deployment {TRANSFORM}: {why}"]


def test_without_a_block_nobody_is_notified_and_what_notifies_is_told(in_place):
    silent = declare(load_settings())
    assert list(silent.automations) == [AFTER_INGEST]
    assert silent.untold == [
        "a late run",
        "a failed or crashed run",
        "a quarantine above the threshold",
        "a stale source",
    ]
    plan = told(silent, replace(in_place, has_block=False))
    assert f"! automation {STALE}: notifies, and SNOWCAST_SLACK_WEBHOOK_BLOCK is not set here" in plan
    assert [line[0] for line in plan] == ["!"] * 7


def test_identity_is_read_and_watched_where_it_is_set(declared):
    assert declared.deployments[IDENTITY]["schedules"] == ["20 4 * * * UTC off"]
    assert f"{NAME_PREFIX}stale-identity" not in declared.automations
    set_so = declare(load_settings(slack_webhook_block="alerts", identity_url="/data/links"))
    assert set_so.deployments[IDENTITY]["schedules"] == ["20 4 * * * UTC"]
    assert f"{NAME_PREFIX}stale-identity" in set_so.automations


def test_a_source_is_stale_only_when_a_run_of_it_was_missed():
    for one in (one for one in deployments() if "ingest" in one["tags"]):
        minute, hour, *_ = one["schedules"][0]["cron"].split()
        apart = timedelta(days=1) if hour != "*" else timedelta(minutes=int(minute.partition("/")[2] or 60))
        assert STALE_AFTER[one["name"]] > apart


@pytest.fixture
def contained(monkeypatch: pytest.MonkeyPatch) -> Declared:
    """What is declared where each run is a container."""
    monkeypatch.delenv("SNOWCAST_RESIDENT")
    for name, value in {
        "SNOWCAST_WAREHOUSE": "snowflake",
        "SNOWCAST_WORK_POOL_TYPE": "kubernetes",
        "SNOWCAST_WORKER_IMAGE": "registry.example/snowcast:1",
        "SNOWCAST_TWITCH_CLIENT_SECRET": "hush",
        "SNOWCAST_SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/a/b/c",
        "SNOWFLAKE_ACCOUNT": "an-account",
    }.items():
        monkeypatch.setenv(name, value)
    return declare(load_settings())


def test_containers_get_the_settings_and_only_the_names_of_secrets(contained):
    assert contained.pool.values == {
        "image": "registry.example/snowcast:1",
        "command": "flow-run",
        "env": {
            "SNOWCAST_WAREHOUSE": "snowflake",
            "SNOWCAST_TWITCH_CLIENT_SECRET": "{{ prefect.blocks.secret.snowcast-twitch-client-secret }}",
            "SNOWCAST_SLACK_WEBHOOK_URL": "{{ prefect.blocks.secret.snowcast-slack-webhook-url }}",
            "SNOWFLAKE_ACCOUNT": "an-account",
        },
    }
    assert contained.deployments[TWITCH]["pull steps"][0]["prefect.deployments.steps.set_working_directory"] == {
        "directory": "/opt/snowcast"
    }


def test_a_pool_and_blocks_that_differ_are_set_and_another_type_is_left_to_a_person(contained):
    made = make_plan(contained, Present(pool=None))
    assert [one.what for one in made if one.sign == "+"][:4] == [
        "block secret/snowcast-twitch-client-secret",
        "block secret/snowcast-slack-webhook-url",
        "block slack-webhook/snowcast-alerts",
        "work pool snowcast",
    ]
    assert [one for one in made if one.name == STALE], "the block that is made is enough for the notifications"
    there = Present(
        pool=("kubernetes", False),
        deployments=deepcopy(contained.deployments),
        automations=deepcopy(contained.automations),
        pool_values={**contained.pool.values, "image": "registry.example/snowcast:0", "namespace": "default"},
        blocks={**contained.blocks, ("slack-webhook", "snowcast-alerts"): SecretStr("https://another")},
        has_block=True,
    )
    image = "job template's image is registry.example/snowcast:0, declared is registry.example/snowcast:1"
    assert told(contained, there) == [
        "~ block slack-webhook/snowcast-alerts: keeps something else than the setting",
        f"~ work pool snowcast: {image}",
    ]
    assert told(contained, replace(there, pool=("process", False)))[1:] == [
        "! work pool snowcast: type is process, declared is kubernetes"
    ]


def test_containers_need_an_account(monkeypatch):
    with pytest.raises(ConfigError, match="the embedded warehouse belongs to one home"):
        declare(load_settings(work_pool_type="docker"))


def test_a_container_goes_on_with_the_run_that_it_was_started_for(monkeypatch):
    with pytest.raises(ConfigError, match="No run to go on with"):
        run_flow_run()
    begun: list[list[str]] = []
    monkeypatch.setenv("PREFECT__FLOW_RUN_ID", "1")
    monkeypatch.setattr("os.execve", lambda path, command, environment: begun.append(command))
    run_flow_run()
    assert begun[0][1:] == ["-m", "prefect", "flow-run", "execute"]


def test_a_worker_of_another_type_names_the_package_that_it_needs():
    assert check_package(load_settings()) == "process"
    with pytest.raises(ConfigError, match=r"pip install 'snowcast\[kubernetes\]'"):
        check_package(load_settings(work_pool_type="kubernetes"))
    found = _check_libraries(load_settings(work_pool_type="docker"))
    assert (found.state, found.detail) == (
        "note",
        "A worker of type docker needs one more package. Install it beside Snowcast: pip install 'snowcast[docker]'.",
    )


def test_what_a_worker_needs_is_an_extra_of_the_project():
    extras = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    for kind in ("docker", "kubernetes"):
        _, module, installed = TYPES[kind]
        assert installed == f"snowcast[{kind}]"
        assert [one.partition(">=")[0] for one in extras[kind]] == [module.replace("_", "-")]
