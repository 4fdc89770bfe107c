"""Builds of the same histories at once: each is written by one of them, and every key keeps one current version."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest
from snowflake.snowpark import Session

from deployments.embedded import Endpoint
from tests.feeding import build_all, load
from tests.properties import history_stories as stories
from tests.properties.conftest import emptied
from tests.properties.history_checks import assert_believed
from tests.properties.history_tables import PROBES, STAGING
from tests.properties.history_world import world
from transforms.engine.merge import BuildConflictError

RACED = [probe for probe in PROBES if probe.table.name in ("check_new_record_listed", "timestamp_invalidate_all")]
NAMES = [STAGING.name, *[probe.table.name for probe in RACED]]


@pytest.fixture(scope="module")
def session(bit_by_bit: Session) -> Iterator[Session]:
    with stories.probing(RACED, bit_by_bit):
        yield bit_by_bit


@pytest.fixture
def parameters(session: Session, endpoint: Endpoint) -> dict[str, Any]:
    """How the second of two reaches the same database."""
    return endpoint.connection_parameters(str(session.get_current_database()).strip('"'))


def build_at(session: Session, start: Any) -> list[str]:
    """Build everything from the start on; the tables that the other one was faster with."""
    lost = []
    for name in NAMES:
        start.wait(60)
        try:
            build_all(session, [name])
        except BuildConflictError:
            lost.append(name)
    return lost


def build_in_a_process(parameters: dict[str, Any], start: Any, lost: Any) -> None:
    session = Session.builder.configs(parameters).create()
    with stories.probing_here(RACED):
        lost.put(build_at(session, start))
    session.close()


def test_two_sessions_at_once_write_each_history_once(session: Session, parameters: dict[str, Any]):
    other = Session.builder.configs(parameters).create()
    try:
        emptied(session)
        files, arrived = world(1).files, 0
        for until in (9, len(files)):
            load(session, *files[arrived:until])
            arrived = until
            start = threading.Barrier(2)
            with ThreadPoolExecutor(2) as pool:
                losers = [future.result() for future in [pool.submit(build_at, s, start) for s in (session, other)]]
            assert not set(losers[0]) & set(losers[1]), "nobody wrote"
            build_all(session, NAMES)
            for probe in RACED:
                assert_believed(session, probe, files[:arrived])
    finally:
        other.close()


def test_two_processes_at_once_write_each_history_once(session: Session, parameters: dict[str, Any]):
    emptied(session)
    load(session, *world(2).files)
    context = get_context("spawn")
    start, lost = context.Barrier(2), context.Queue()
    processes = [context.Process(target=build_in_a_process, args=(parameters, start, lost)) for _ in range(2)]
    for process in processes:
        process.start()
    losers = [lost.get(timeout=120) for _ in processes]
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert not set(losers[0]) & set(losers[1]), "nobody wrote"
    build_all(session, NAMES)
    for probe in RACED:
        assert_believed(session, probe, world(2).files)
