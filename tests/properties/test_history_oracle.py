"""The oracle of histories on cases that were worked out by hand from SEMANTICS §3."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.properties.history_oracle import CHECK, IGNORE, INVALIDATE, NEW_RECORD, TIMESTAMP, Rule, Seen, history

SNAPSHOTS = range(1, 10)


def day(number: int | None) -> datetime | None:
    return None if number is None else datetime(2023, 9, number)


def seen(at: int, plan: str | None, updated_at: int | None = None, **more: Any) -> Seen:
    note = more.pop("note", None)
    return Seen(day(at), {"plan": plan, "note": note}, day(updated_at), **more)


def refused(at: int) -> Seen:
    return Seen(day(at), None)


def told(records: list[Seen], strategy: str, deletes: str = IGNORE, snapshots: Any = ()) -> list[tuple[Any, ...]]:
    """(plan, from, to, deleted, last observation) of every version, in days."""
    found = history(records, [day(number) for number in snapshots], Rule(strategy, deletes, ("plan",)))
    return [
        (v.values["plan"], v.valid_from.day, v.valid_to and v.valid_to.day, v.is_deleted, v.observed_at_last.day)
        for v in found
    ]


@pytest.mark.parametrize(
    ("records", "versions"),
    [
        ([], []),
        ([refused(1)], []),
        ([seen(1, "a"), seen(2, "a"), seen(3, "b")], [("a", 1, 3, False, 2), ("b", 3, None, False, 3)]),
        ([seen(1, None), seen(2, None), seen(3, "")], [(None, 1, 3, False, 2), ("", 3, None, False, 3)]),
        ([seen(1, "a"), seen(2, None), seen(3, "a")], [("a", 1, 2, 0, 1), (None, 2, 3, 0, 2), ("a", 3, None, 0, 3)]),
        ([seen(3, "a"), seen(2, "b"), seen(1, "a")], [("a", 1, 2, 0, 1), ("b", 2, 3, 0, 2), ("a", 3, None, 0, 3)]),
        ([seen(1, "b", place=("f", 2)), seen(1, "a", place=("f", 1))], [("b", 1, None, False, 1)]),
        ([seen(1, "a"), refused(2), seen(3, "a")], [("a", 1, None, False, 3)]),
        ([seen(1, "a", 7), seen(2, "a", 3)], [("a", 1, None, False, 2)]),
    ],
    ids=["nothing", "only refused", "unchanged", "null", "through null", "any order", "tie", "gap", "own time ignored"],
)
def test_check(records: list[Seen], versions: list[tuple[Any, ...]]):
    assert told(records, CHECK) == versions


@pytest.mark.parametrize(
    ("records", "versions"),
    [
        ([seen(2, "a", 1), seen(3, "a", 1), seen(5, "b", 4)], [("a", 1, 4, False, 3), ("b", 4, None, False, 5)]),
        ([seen(2, "a", 1), seen(3, "b", 1)], [("b", 1, None, False, 3)]),
        ([seen(2, "a", None), seen(3, "b", 1)], [("b", 1, None, False, 3)]),
        ([seen(2, "b", 2), seen(3, "a", 1)], [("a", 1, 2, False, 3), ("b", 2, None, False, 2)]),
        ([seen(2, "a", 1), seen(4, "a", 3)], [("a", 1, None, False, 4)]),
        (
            [seen(2, "a", 1), seen(5, "a", 5), seen(6, "b", 3)],
            [("a", 1, 3, 0, 2), ("b", 3, 5, 0, 6), ("a", 5, None, 0, 5)],
        ),
        ([seen(2, "a", 4)], [("a", 4, None, False, 2)]),
    ],
    ids=["in order", "same time, other values", "no time", "before the first", "newer time", "late", "future"],
)
def test_timestamp(records: list[Seen], versions: list[tuple[Any, ...]]):
    assert told(records, TIMESTAMP) == versions


GONE_AND_BACK = [seen(1, "a"), seen(2, "a"), seen(5, "a")]


@pytest.mark.parametrize(
    ("records", "deletes", "versions"),
    [
        (GONE_AND_BACK, IGNORE, [("a", 1, None, False, 5)]),
        (GONE_AND_BACK, INVALIDATE, [("a", 1, 3, 0, 2), ("a", 5, 6, 0, 5)]),
        (GONE_AND_BACK, NEW_RECORD, [("a", 1, 3, 0, 2), ("a", 3, 5, 1, 3), ("a", 5, 6, 0, 5), ("a", 6, None, 1, 6)]),
        ([seen(9, "a")], NEW_RECORD, [("a", 9, None, False, 9)]),
        ([seen(7, "a"), refused(8), seen(9, "a")], NEW_RECORD, [("a", 7, None, False, 9)]),
        ([refused(7), seen(9, "a")], NEW_RECORD, [("a", 9, None, False, 9)]),
        ([seen(7, "a"), refused(9)], NEW_RECORD, [("a", 7, 8, 0, 7), ("a", 8, 9, 1, 8), ("a", 9, None, 0, 9)]),
    ],
    ids=[
        "ignored",
        "closed",
        "recorded",
        "new",
        "refused but there",
        "not there before",
        "revived by a refused record",
    ],
)
def test_check_deletes(records: list[Seen], deletes: str, versions: list[tuple[Any, ...]]):
    assert told(records, CHECK, deletes, SNAPSHOTS) == versions


@pytest.mark.parametrize(
    ("records", "snapshots", "versions"),
    [
        ([seen(1, "a", 1), seen(5, "a", 1)], (1, 3, 5), [("a", 1, 3, 0, 5), ("a", 3, 5, 1, 3), ("a", 5, None, 0, 5)]),
        (
            [seen(1, "a", 1), seen(5, "a", 1), seen(6, "a", 1)],
            (1, 3, 5, 6),
            [("a", 1, 3, 0, 6), ("a", 3, 5, 1, 3), ("a", 5, None, 0, 6)],
        ),
        ([seen(1, "a", 1), seen(5, "b", 4)], (1, 3, 5), [("a", 1, 3, 0, 1), ("a", 3, 4, 1, 3), ("b", 4, None, 0, 5)]),
        ([seen(1, "a", 1), seen(5, "a", 4)], (1, 3, 5), [("a", 1, 3, 0, 1), ("a", 3, 4, 1, 3), ("a", 4, None, 0, 5)]),
        (
            [seen(1, "a", 1), seen(5, "a", None)],
            (1, 3, 5),
            [("a", 1, 3, 0, 1), ("a", 3, 5, 1, 3), ("a", 5, None, 0, 5)],
        ),
        (
            [seen(1, "a", 1), seen(5, "a", 7)],
            (1, 3, 5),
            [("a", 1, 3, 0, 1), ("a", 3, 7, 1, 3), ("a", 7, None, 0, 5)],
        ),
        ([seen(1, "a", 1), seen(5, "b", 3)], (1, 3, 5), [("a", 1, 3, 0, 1), ("b", 3, 5, 1, 3), ("b", 5, None, 0, 5)]),
        (
            [seen(1, "a", 1), seen(5, "b", 2)],
            (1, 3, 5),
            [("a", 1, 2, 0, 1), ("b", 2, 3, 0, 5), ("b", 3, 5, 1, 3), ("b", 5, None, 0, 5)],
        ),
    ],
    ids=[
        "same time",
        "same time, seen on",
        "newer",
        "newer, same values",
        "no time",
        "future",
        "when it went",
        "before it went",
    ],
)
def test_revival_by_timestamp(records: list[Seen], snapshots: Any, versions: list[tuple[Any, ...]]):
    assert told(records, TIMESTAMP, NEW_RECORD, snapshots) == versions
    kept = [version for version in versions if not version[3]]
    assert told(records, TIMESTAMP, INVALIDATE, snapshots) == kept


def test_values_learned_of_a_deleted_time_change_the_tombstone():
    records = [seen(1, "a", 1), seen(6, "a", 1), seen(7, "b", 4)]
    assert told(records, TIMESTAMP, NEW_RECORD, (1, 3, 6, 7)) == [
        ("a", 1, 3, False, 6),
        ("a", 3, 4, True, 3),
        ("b", 4, 6, True, 3),
        ("b", 6, None, False, 7),
    ]


def test_what_is_not_tracked_comes_from_the_newest_values_of_the_version():
    records = [seen(1, "a", 1, note="x"), seen(2, "a", 2, note="y"), seen(3, "b", 3, note="z")]
    for strategy in (CHECK, TIMESTAMP):
        found = history(records, [], Rule(strategy, IGNORE, ("plan",)))
        assert [(v.values["note"], v.values["updated_at"]) for v in found] == [("y", day(2)), ("z", day(3))]
    everything = history(records, [], Rule(CHECK, IGNORE, ("plan", "note")))
    assert [v.values["note"] for v in everything] == ["x", "y", "z"]
