"""Refused records say that their key was there, also where a whole delivery was refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from snowflake.snowpark import Session

from tests.feeding import LandingFile, build_all, load, written
from tests.properties.history_tables import PROBES, RAW, STAGING, build_staging
from tests.registering import model_of, registered
from tests.unit.history.test_history_cases import delivery, item, versions

pytestmark = pytest.mark.lengthy

CHECKED, TIMED = [probe for probe in PROBES if probe.table.name.endswith("_new_record_listed")]
NAMES = [STAGING.name, CHECKED.table.name, TIMED.table.name]
REFUSED = item("a", 1, seats="many")


@pytest.fixture
def history(warehouse: Session) -> Iterator[Session]:
    probes = [model_of(probe.table, probe.build()) for probe in (CHECKED, TIMED)]
    with registered([model_of(RAW), model_of(STAGING, build_staging), *probes], warehouse):
        yield warehouse


def refused_only(at: float, part: str = "") -> LandingFile:
    whole = delivery(at, part=part)
    return LandingFile("items", whole.snapshot_at, (REFUSED,), name=whole.name, source="probe")


def arrive(session: Session, *runs: tuple[LandingFile, ...]) -> None:
    """Each run in a build of its own; at the end a full refresh has nothing to add."""
    for run in runs:
        load(session, *run)
        build_all(session, NAMES)
    refreshed = build_all(session, NAMES, mode="full_refresh")
    assert {name: written(result) for name, result in refreshed.items()} == {name: (0, 0, 0) for name in NAMES}


def test_a_refused_delivery_shows_that_the_key_came_back(history: Session):
    arrive(history, (delivery(10, item("a", 1)),), (delivery(20),), (refused_only(30),), (delivery(40),))
    assert versions(history, CHECKED) == [
        ("a", 10, 20, False, False),
        ("a", 20, 30, False, True),
        ("a", 30, 40, False, False),
        ("a", 40, None, True, True),
    ]


def test_a_refused_delivery_with_the_next_one_ends_the_gap_of_a_key_without_versions(history: Session):
    refused = refused_only(10)
    arrive(
        history, (delivery(10, part="_2"), refused), (delivery(20),), (refused_only(30), delivery(40, item("a", 25)))
    )
    assert versions(history, TIMED) == [("a", 25, 30, False, True), ("a", 30, None, True, False)]
    assert versions(history, CHECKED) == [("a", 40, None, True, False)]


def test_a_part_that_was_refused_alone_belongs_to_its_snapshot(history: Session):
    arrive(history, (delivery(10, item("a", 1)),), (refused_only(20),), (delivery(20, part="_2"),))
    assert versions(history, CHECKED) == [("a", 10, None, True, False)]
