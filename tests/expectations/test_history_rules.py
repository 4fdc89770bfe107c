"""The invariants of histories: each holds on whole chains and tells a broken one, in whatever batch the break is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from expectations.checks import tables as validate
from expectations.checks.tables import rules_of, validate_tables
from expectations.engine import queries, tables as contracts
from expectations.rules.history import deletions_are_snapshots
from tests.expectations.planting import create_statement, insert_statement
from transforms.contract import INTEGER, TEXT, TIMESTAMP, VERSION_COLUMNS, Column, Layer, Table
from transforms.write_kinds import HardDeletes, History, MergeOnKey, Strategy

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

PLAN = Column("plan", TEXT, "tracked")
SEATS = Column("seats", INTEGER, "tracked")
NOTE = Column("note", TEXT, "carried")
UPDATED_AT = Column("updated_at", TIMESTAMP, "when the record changed")
STAGED = Table(
    name="stg_items",
    layer=Layer.STAGING,
    grain="one item at a snapshot",
    key=("snapshot_at",),
    columns=(Column("snapshot_at", TIMESTAMP, "when", nullable=False),),
    write=MergeOnKey(),
)


def history(name: str, key: tuple[str, ...], write: History) -> Table:
    """A history of items."""
    keys = tuple(Column(part, TEXT, "a part of the key", nullable=False) for part in key)
    return Table(
        name=name,
        layer=Layer.HISTORY,
        grain="one version of one item",
        key=(*key, "valid_from"),
        recompute_by=key,
        columns=(*keys, PLAN, SEATS, NOTE, UPDATED_AT, *VERSION_COLUMNS),
        write=write,
    )


RECORDED = history(
    "recorded_items",
    ("item_id", "region"),
    History(Strategy.CHECK, tracked=("plan", "seats"), hard_deletes=HardDeletes.NEW_RECORD),
)
KEPT = history("kept_items", ("item_id",), History(Strategy.CHECK))
INVALIDATED = history(
    "invalidated_items",
    ("item_id",),
    History(
        Strategy.TIMESTAMP,
        tracked=("plan", "seats"),
        effective_at="updated_at",
        hard_deletes=HardDeletes.INVALIDATE,
    ),
)
HISTORIES = (RECORDED, KEPT, INVALIDATED)
Versions = list[dict[str, Any]]


def at(day: int) -> str:
    return f"2026-03-{day:02} 00:00:00"


def version(begins: int, ends: int | None = None, plan: str | None = "basic", **values: Any) -> dict[str, Any]:
    """A version of the item i in eu, from and to a day of March."""
    base = {
        "item_id": "i",
        "region": "eu",
        "plan": plan,
        "seats": None,
        "note": "",
        "updated_at": at(begins),
        "valid_from": at(begins),
        "valid_to": at(ends) if ends else None,
        "is_current": ends is None,
        "is_deleted": False,
        "version_key": f"v{begins}",
        "observed_at_last": at(begins),
        "_build_id": "before",
    }
    return {**base, **values}


@pytest.fixture
def broken(
    connection: SnowflakeConnection, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Table, Versions, list[str] | None], dict[str, str]]:
    """What is broken in a table of these versions, with what is told of it; a key that is whole is beside them."""
    tables = {table.name: table for table in (*HISTORIES, STAGED)}
    for module in (contracts, queries, validate):
        monkeypatch.setattr(module, "find_table", tables.__getitem__)
    database = connection.database or ""
    for layer in (Layer.STAGING, Layer.HISTORY):
        connection.cursor().execute(f"create schema if not exists {database}.{layer}")

    def check(table: Table, versions: Versions, builds: list[str] | None) -> dict[str, str]:
        whole = [
            version(1, 2, item_id="whole", version_key="w1", _build_id="before"),
            version(2, plan=None, item_id="whole", version_key="w2", _build_id="before"),
        ]
        connection.cursor().execute(create_statement(table, database))
        connection.cursor().execute(insert_statement(table, database, [*whole, *versions]))
        batches = None if builds is None else {table.name: builds}
        results = validate_tables(connection, [table.name], run_id="r", batches=batches, docs_root=None)
        return {result.rule: result.observed for result in results if not result.success}

    return check


WHOLE: dict[str, tuple[Table, Versions]] = {
    "changes, NULL to a value, and back to an earlier value": (
        KEPT,
        [version(1, 3, None), version(3, 4), version(4, 6, "gold", seats=3), version(6)],
    ),
    "a deletion as a version, and its end": (
        RECORDED,
        [version(1, 3), version(3, 5, is_deleted=True), version(5, 6), version(6, is_deleted=True)],
    ),
    "equal values on both sides of a deletion": (INVALIDATED, [version(1, 3), version(5, 7)]),
    "a column that is not tracked differs, in one version of each key": (
        RECORDED,
        [version(1, 3, note="a"), version(3, plan="gold", note="b"), version(2, region="us", version_key="us")],
    ),
    "equal values in time and value, but of two keys": (
        RECORDED,
        [version(1), version(1, region="us", version_key="us"), version(1, item_id="j", version_key="j")],
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_rules_hold_on_whole_chains(broken: Callable[..., dict[str, str]], name: str) -> None:
    table, versions = WHOLE[name]
    assert broken(table, versions, None) == {}


# Rule -> a history that breaks this rule and no other; the last version is the one that the build wrote.
BROKEN: dict[str, tuple[Table, Versions]] = {
    "a key has one current version": (KEPT, [version(1, 3), version(3, 5, "gold")]),
    "a key has at most one current version": (
        INVALIDATED,
        [version(1, 3, is_current=True), version(3, plan="gold")],
    ),
    "the open version is the current one": (RECORDED, [version(1, 3), version(3, None, "gold", is_current=False)]),
    "no version is empty or ends before it begins": (INVALIDATED, [version(1, 3), version(3, 3, "gold")]),
    "no two versions of a key overlap": (KEPT, [version(1, 4), version(3, None, "gold")]),
    "no gap is between the versions of a key": (RECORDED, [version(1, 3), version(4, None, "gold")]),
    "a version differs from the one before": (RECORDED, [version(1, 3), version(3, note="other")]),
    "version_key never repeats": (KEPT, [version(1, 3), version(3, None, "gold", version_key="v1")]),
    "a deletion follows a version, with its values": (RECORDED, [version(1, is_deleted=True)]),
    "no version is a deletion": (INVALIDATED, [version(1, 3), version(3, is_deleted=True)]),
    "no version begins after its newest observation": (
        KEPT,
        [version(1, 3), version(3, plan="x", observed_at_last=at(2))],
    ),
}
ALSO_BROKEN = {
    "a key has at most one current version": {"the open version is the current one"},
    "the open version is the current one": {"a key has one current version"},
}


def test_every_invariant_has_a_broken_chain() -> None:
    from expectations.rules.history import history_rules

    rules = {rule.name for table in HISTORIES for rule in history_rules(table, table.write)}  # type: ignore[arg-type]
    assert rules == set(BROKEN)


@pytest.mark.parametrize("rule", BROKEN)
def test_rule_fails_on_its_broken_chain_whichever_version_the_build_wrote(
    broken: Callable[..., dict[str, str]], rule: str
) -> None:
    table, versions = BROKEN[rule]
    versions[-1]["_build_id"] = "new"
    whole = broken(table, versions, None)
    assert set(whole) - ALSO_BROKEN.get(rule, set()) == {rule}
    assert "item_id i, " in whole[rule]
    assert rule in broken(table, versions, ["new"])
    # The break is at the last version, which an older build wrote: the keys of the batch are looked at as a whole.
    if "chain" in next(one.fails for one in rules_of(table) if one.name == rule) and len(versions) > 1:
        older = [{**one, "_build_id": "before"} for one in versions]
        older[0]["_build_id"] = "new"
        assert rule in broken(table, older, ["new"])


def test_the_first_break_is_told(broken: Callable[..., dict[str, str]]) -> None:
    versions = [version(1, 2), version(3, 4, "gold"), version(6)]
    assert broken(KEPT, versions, None) == {
        "no gap is between the versions of a key": (
            "3 of 5 rows: first item_id i, valid_from 2026-03-01 00:00:00, chain_gap_at 2026-03-01 00:00:00"
        )
    }


STRAY = {
    "before anything was there": [version(1, 2, is_deleted=True), version(2)],
    "apart from what was there": [version(1, 2), version(3, is_deleted=True)],
    "with other values": [version(1, 2), version(2, plan="gold", is_deleted=True)],
    "twice": [version(1, 2), version(2, 3, is_deleted=True), version(3, plan="gold", is_deleted=True)],
}


@pytest.mark.parametrize("name", STRAY)
def test_stray_deletions_are_told(broken: Callable[..., dict[str, str]], name: str) -> None:
    assert "a deletion follows a version, with its values" in broken(RECORDED, STRAY[name], None)


def test_a_source_that_dates_its_changes_ahead_is_a_warning_only() -> None:
    def severity(table: Table) -> str:
        (rule,) = [one for one in rules_of(table) if one.name == "no version begins after its newest observation"]
        return rule.severity

    assert (severity(INVALIDATED), severity(KEPT)) == ("warning", "critical")


@pytest.mark.parametrize(
    ("table", "good", "bad"),
    [
        (RECORDED, [version(1, 3), version(3, is_deleted=True)], [version(1, 4), version(4, is_deleted=True)]),
        (INVALIDATED, [version(1, 2, "gold"), version(2, 3), version(5)], [version(1, 2, "gold"), version(2, 4)]),
    ],
    ids=["new_record", "invalidate"],
)
def test_a_key_is_gone_from_a_snapshot_on(
    broken: Callable[..., dict[str, str]],
    connection: SnowflakeConnection,
    monkeypatch: pytest.MonkeyPatch,
    table: Table,
    good: Versions,
    bad: Versions,
) -> None:
    rule = deletions_are_snapshots(table, STAGED.name)
    monkeypatch.setattr(validate, "business_rules", lambda _: (rule,))
    snapshots = [
        {"snapshot_at": at(day), "_source_file": "f", "_source_row": 1, "_load_id": "l", "_build_id": "b"}
        for day in (1, 3, 5, 5)
    ]
    connection.cursor().execute(create_statement(STAGED, connection.database or ""))
    connection.cursor().execute(insert_statement(STAGED, connection.database or "", snapshots))
    assert broken(table, good, None) == {}
    assert list(broken(table, bad, None)) == [rule.name]
    assert "2026-03-04" in broken(table, bad, None)[rule.name]
