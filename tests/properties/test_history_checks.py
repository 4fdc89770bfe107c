"""The checks of stored histories: the oracle's versions pass them, and each of them notices what it is there for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.feeding import minutes
from tests.properties.history_checks import assert_versions, believed
from tests.properties.history_tables import PROBES, Probe
from tests.properties.history_world import KEYS, records_by_key, snapshots_of, world

BY = {probe.table.name: probe for probe in PROBES}


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.table.name)
def test_the_oracles_histories_keep_the_invariants(probe: Probe):
    files = world(0).files
    by_key, snapshots = records_by_key(files), snapshots_of(files)
    assert 500 <= len(by_key) <= KEYS
    histories = [believed(probe, records, snapshots) for records in by_key.values()]
    for rows in histories:
        if rows:
            assert_versions(probe, rows)
    assert sum(len(rows) for rows in histories) > KEYS


def version(begin: int, end: int | None, plan: str, **changes: Any) -> dict[str, Any]:
    row = {"plan": plan, "seats": 1, "note": None, "valid_from": minutes(begin), "is_current": end is None}
    return row | {"valid_to": None if end is None else minutes(end), "is_deleted": False} | changes


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("check_ignore_listed", [version(0, 10, "a"), version(10, 20, "b")]),
        ("check_ignore_listed", [version(0, None, "a"), version(10, None, "b")]),
        ("check_ignore_listed", [version(0, 20, "a"), version(10, None, "b")]),
        ("check_ignore_listed", [version(0, 10, "a"), version(20, None, "b")]),
        ("check_ignore_listed", [version(0, 10, "a"), version(10, None, "a", note="x")]),
        ("check_ignore_listed", [version(10, 10, "a"), version(10, None, "b")]),
        ("check_ignore_listed", [version(0, None, "a", is_current=False)]),
        ("check_ignore_listed", [version(0, 10, "a"), version(10, None, "a", is_deleted=True)]),
        ("check_new_record_listed", [version(0, 10, "a"), version(20, None, "a", is_deleted=True)]),
        ("timestamp_invalidate_all", [version(0, 10, "a"), version(10, 20, "a")]),
    ],
    ids=[
        "closed",
        "two current",
        "overlap",
        "gap",
        "equal",
        "empty",
        "flag",
        "tombstone",
        "late tombstone",
        "touching",
    ],
)
def test_broken_histories_are_noticed(name: str, rows: list[dict[str, Any]]):
    with pytest.raises(AssertionError):
        assert_versions(BY[name], rows)


def test_sound_histories_pass():
    assert_versions(BY["check_ignore_all"], [version(0, 10, "a"), version(10, None, "a", note="x")])
    assert_versions(BY["check_invalidate_listed"], [version(0, 10, "a"), version(20, 30, "a")])
    deleted = version(10, None, "a", is_deleted=True)
    assert_versions(BY["check_new_record_listed"], [version(0, 10, "a"), deleted])
