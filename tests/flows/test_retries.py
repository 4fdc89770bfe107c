"""What is tried again, and what is not."""

from __future__ import annotations

import os

import pytest
from prefect import flow, task

from flows.errors import ConfigError, TransientError
from flows.settings import load_settings
from flows.steps.task import STEP
from flows.warehouse import open_session
from transforms.contract import ContractError

AT_ONCE = {**STEP, "retry_delay_seconds": 0, "retry_jitter_factor": None}


@pytest.fixture(autouse=True)
def _prefect(snowcast):
    """The flows of these tests run on the test run's Prefect server."""
    from flows.settings import change_environment

    change_environment({})


def counted(errors: list[Exception]):
    """A flow of one step that raises the errors one after the other, and how often the step was called."""
    calls: list[int] = []

    @task(**AT_ONCE)
    def step() -> str:
        calls.append(1)
        if len(calls) <= len(errors):
            raise errors[len(calls) - 1]
        return "done"

    @flow
    def steps() -> str:
        return step()

    return steps, calls


def test_a_passing_fault_is_tried_again():
    steps, calls = counted([TransientError("gone"), TransientError("gone")])
    assert steps() == "done"
    assert len(calls) == 3


@pytest.mark.parametrize("error", [ContractError("bad data"), ConfigError("bad setting"), ValueError("bug")])
def test_nothing_else_is(error):
    steps, calls = counted([error])
    with pytest.raises(type(error)):
        steps()
    assert len(calls) == 1


def test_a_step_survives_the_death_of_the_warehouse(home):
    """The first try kills the warehouse under its own feet; the second one finds a new one and its own login."""
    from deployments.embedded import find

    settings = load_settings()
    pids: list[int] = []

    @task(**AT_ONCE)
    def step() -> int:
        with open_session(settings, step="kill") as session:
            endpoint = find(home)
            assert endpoint is not None
            pids.append(endpoint.pid)
            if len(pids) == 1:
                os.kill(endpoint.pid, 9)
            return int(session.sql("SELECT 42").collect()[0][0])

    @flow
    def steps() -> int:
        with open_session(settings, flow="outer"):
            return step()

    assert steps() == 42
    assert len(set(pids)) == 2
