"""Stored histories against the oracle and against the invariants of SEMANTICS §3, read row by row in plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from snowflake.snowpark import Session

from tests.feeding import LandingFile
from tests.properties.history_oracle import NEW_RECORD, TIMESTAMP, Seen, history
from tests.properties.history_tables import Probe
from tests.properties.history_world import Key, records_by_key, snapshots_of
from transforms.engine.stored import read_table

Row = dict[str, Any]


def rows_of_keys(session: Session, probe: Probe) -> dict[Key, list[Row]]:
    """The stored versions of every key, in order of time."""
    names = [column.name for column in probe.table.columns]
    found: dict[Key, list[Row]] = {}
    for values in read_table(session, probe.table).select(*names).collect():
        row = dict(zip(names, values, strict=True))
        found.setdefault((row["item_id"], row["region"]), []).append(row)
    return {key: sorted(rows, key=lambda row: row["valid_from"]) for key, rows in found.items()}


def compared(probe: Probe) -> tuple[str, ...]:
    """The columns in which a stored version and the oracle's are compared."""
    own_time = ("updated_at",) if probe.rule.strategy == TIMESTAMP else ()
    return (
        "plan",
        "seats",
        "note",
        *own_time,
        "valid_from",
        "valid_to",
        "is_current",
        "is_deleted",
        "observed_at_last",
    )


def believed(probe: Probe, records: Iterable[Seen], snapshots: Iterable[datetime]) -> list[Row]:
    """The oracle's versions of one key as rows."""
    return [
        {
            **version.values,
            "valid_from": version.valid_from,
            "valid_to": version.valid_to,
            "is_current": version.valid_to is None,
            "is_deleted": version.is_deleted,
            "observed_at_last": version.observed_at_last,
        }
        for version in history(records, snapshots, probe.rule)
    ]


def assert_believed(
    session: Session, probe: Probe, files: Sequence[LandingFile], until: datetime = datetime.max
) -> None:
    """The table holds what the oracle makes of the files' records that were observed by a time, and nothing else."""
    by_key = {key: [seen for seen in of_key if seen.at <= until] for key, of_key in records_by_key(files).items()}
    snapshots = [at for at in snapshots_of(files) if at <= until]
    found = rows_of_keys(session, probe)
    assert_invariants(probe, found)
    assert set(found) <= set(by_key), "versions of keys that nobody delivered"
    names = compared(probe)
    wrong = []
    for key, records in by_key.items():
        expected = [tuple(row[name] for name in names) for row in believed(probe, records, snapshots)]
        stored_rows = [tuple(row[name] for name in names) for row in found.get(key, [])]
        if stored_rows != expected:
            wrong.append((len(records), key, records, expected, stored_rows))
    if wrong:
        _, key, records, expected, stored_rows = min(wrong, key=lambda case: case[0])
        lines = [f"{probe.table.name}: {len(wrong)} of {len(by_key)} keys are wrong, the smallest is {key}"]
        lines += [f"listed at {', '.join(_short(at) for at in sorted(snapshots))}"]
        lines += [f"seen {_shown(seen)}" for seen in sorted(records, key=lambda seen: (seen.at, seen.place))]
        lines += [", ".join(names), *[f"expected {_told(row)}" for row in expected]]
        raise AssertionError("\n".join([*lines, *[f"found    {_told(row)}" for row in stored_rows]]))


def _short(value: Any) -> str:
    return f"{value:%H:%M:%S}" if isinstance(value, datetime) else repr(value)


def _told(row: Iterable[Any]) -> str:
    return ", ".join(_short(value) for value in row)


def _shown(seen: Seen) -> str:
    values = "refused" if seen.values is None else _told(seen.values.values())
    return f"{_short(seen.at)}: {values}, updated {_short(seen.updated_at)}, from {seen.place}"


def assert_invariants(probe: Probe, found: dict[Key, list[Row]]) -> None:
    """What is true of every history, whatever was delivered."""
    keys = [row["version_key"] for rows in found.values() for row in rows]
    assert len(set(keys)) == len(keys), "version_key repeats"
    assert None not in keys
    assert len({rows[0]["item_key"] for rows in found.values()}) == len(found), "two keys share an item_key"
    for key, rows in found.items():
        assert len({row["item_key"] for row in rows}) == 1, key
        assert_versions(probe, rows)


def assert_versions(probe: Probe, rows: list[Row]) -> None:
    """The invariants of one key's versions, which are in order of time."""
    keeps_tombstones = probe.rule.deletes == NEW_RECORD
    assert all(row["is_current"] == (row["valid_to"] is None) for row in rows), rows
    assert not any(row["is_current"] for row in rows[:-1]), f"a version follows the current one: {rows}"
    assert probe.rule.deletes == "invalidate" or rows[-1]["is_current"], f"no current version: {rows}"
    assert keeps_tombstones or not any(row["is_deleted"] for row in rows), rows
    for row in rows:
        assert row["valid_to"] is None or row["valid_from"] < row["valid_to"], f"empty or negative: {row}"
    state = ("is_deleted", *probe.rule.tracked)
    for row, following in pairwise(rows):
        assert row["valid_to"] <= following["valid_from"], f"overlap: {row} and {following}"
        if row["valid_to"] == following["valid_from"]:
            assert any(row[name] != following[name] for name in state), f"equal neighbours: {row} and {following}"
        else:
            assert probe.rule.deletes == "invalidate", f"a gap where nothing is deleted: {row} and {following}"
