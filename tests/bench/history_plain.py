"""The same history by the shortest SQL that we know, in DuckDB in this process: no protocol, no ledgers, no checks.

In order, one MERGE per delivery closes versions and opens their successors. A late delivery recomputes the versions of
its keys from all their observations. It is right for this data: batches of one observation a key, no deletions, and a
person who knows which statement a delivery needs.
"""

from __future__ import annotations

import time
from pathlib import Path

import duckdb

from tests.bench.history_data import TRACKED, VALUES, Batch

_COUNTED = "SELECT range AS i FROM range({count})"
_TYPES = "item_key VARCHAR, item_id VARCHAR, country VARCHAR, plan VARCHAR, price DECIMAL(18, 2), note VARCHAR"
_OBSERVED = tuple(name for name in VALUES if name != "snapshot_at")


class PlainHistory:
    """A history table in DuckDB, kept by hand-written SQL.

    Args:
        folder: Where its file goes.
        keys: How many keys there are.
        effective_at: snapshot_at for check, updated_at for timestamp.
    """

    def __init__(self, folder: Path, keys: int, effective_at: str) -> None:
        self.keys = keys
        self.effective_at = effective_at
        self.duck = duckdb.connect(str(folder / f"plain-{effective_at}.db"))
        self.duck.execute("SET enable_progress_bar = false")
        self.duck.execute(
            f"CREATE TABLE staging ({_TYPES}, updated_at TIMESTAMP, snapshot_at TIMESTAMP, _build_id VARCHAR)"
        )
        self.duck.execute(
            f"CREATE TABLE history ({_TYPES}, updated_at TIMESTAMP, valid_from TIMESTAMP, valid_to TIMESTAMP, "
            "is_current BOOLEAN, is_deleted BOOLEAN, version_key VARCHAR, observed_at_last TIMESTAMP)"
        )

    def stage(self, batch: Batch) -> None:
        """Bring a delivery into staging; not timed."""
        query = batch.query(self.keys, _COUNTED)
        self.duck.execute(f"INSERT INTO staging SELECT *, '{batch.build_id}' FROM ({query})")

    def write(self, batch: Batch) -> tuple[float, int]:
        """Bring a delivery into the history; seconds and statements."""
        statements = (
            self._respliced(batch) if batch.is_late else self._in_order(batch) if batch.number else self._first()
        )
        began = time.perf_counter()
        self.duck.begin()
        for statement in statements:
            self.duck.execute(statement)
        self.duck.commit()
        return time.perf_counter() - began, len(statements) + 2

    def summary(self) -> tuple[object, ...]:
        """What must be equal to the summary of another engine's history."""
        (found,) = self.duck.execute(
            "SELECT count(*), count(valid_to), sum(price), min(valid_from), max(valid_to), max(observed_at_last), "
            "count(DISTINCT version_key), min(version_key), max(version_key) FROM history"
        ).fetchall()
        return tuple(found)

    def close(self) -> None:
        """Let go of the file."""
        self.duck.close()

    def _first(self) -> list[str]:
        own, at = ", ".join(_OBSERVED), self.effective_at
        return [
            f"INSERT INTO history SELECT {own}, {at}, NULL, TRUE, FALSE, {_hash('v', at)}, snapshot_at FROM staging v"
        ]

    def _in_order(self, batch: Batch) -> list[str]:
        own, at = ", ".join(f"n.{name}" for name in _OBSERVED), f"n.{self.effective_at}"
        differs = " OR ".join(f"n.{name} IS DISTINCT FROM h.{name}" for name in TRACKED)
        source = (
            f"SELECT {own}, n.snapshot_at, {at} AS begins, h.valid_from AS was_from, "
            f"h.valid_from IS NULL OR {differs} AS opens FROM staging n "
            f"LEFT JOIN history h ON h.item_key = n.item_key AND h.is_current WHERE n._build_id = '{batch.build_id}'"
        )
        carried = ("item_id", "note", "updated_at")
        return [
            f"CREATE TEMP TABLE arrived AS {source}",
            "MERGE INTO history h USING (SELECT *, was_from AS same_from FROM arrived WHERE was_from IS NOT NULL "
            "UNION ALL SELECT *, NULL FROM arrived WHERE opens) n "
            "ON h.item_key = n.item_key AND h.valid_from = n.same_from "
            "WHEN MATCHED AND n.opens THEN UPDATE SET valid_to = n.begins, is_current = FALSE "
            f"WHEN MATCHED THEN UPDATE SET {', '.join(f'{name} = n.{name}' for name in carried)}, "
            "observed_at_last = n.snapshot_at "
            f"WHEN NOT MATCHED THEN INSERT VALUES ({own}, n.begins, NULL, TRUE, FALSE, {_hash('n', 'begins')}, "
            "n.snapshot_at)",
            "DROP TABLE arrived",
        ]

    def _respliced(self, batch: Batch) -> list[str]:
        keys = f"SELECT item_key FROM staging WHERE _build_id = '{batch.build_id}'"
        state = f"({', '.join(TRACKED)})"
        by_time = f"OVER (PARTITION BY item_key ORDER BY {self.effective_at}, snapshot_at)"
        observed = (
            f"SELECT *, {self.effective_at} AS begins, lag({state}) {by_time} IS DISTINCT FROM {state} AS opens "
            f"FROM staging WHERE item_key IN ({keys})"
        )
        numbered = f"SELECT *, count(*) FILTER (opens) {by_time} AS version FROM ({observed})"
        newest = ", ".join(f"arg_max({name}, snapshot_at) AS {name}" for name in _OBSERVED if name != "item_key")
        versions = (
            f"SELECT item_key, {newest}, min(begins) AS begins, max(snapshot_at) AS seen FROM ({numbered}) "
            "GROUP BY item_key, version"
        )
        ends = "lead(begins) OVER (PARTITION BY item_key ORDER BY begins)"
        insert = (
            f"INSERT INTO history SELECT {', '.join(_OBSERVED)}, begins, {ends}, {ends} IS NULL, FALSE, "
            f"{_hash('v', 'begins')}, seen FROM ({versions}) v"
        )
        return [f"DELETE FROM history WHERE item_key IN ({keys})", insert]


def _hash(table: str, begins: str) -> str:
    """The version's key, spelled as transforms/formulas/keys.py spells it."""
    texts = (f"{table}.item_key", f"CAST(epoch_us({table}.{begins}) AS VARCHAR)")
    return f"md5(concat({', '.join(f'length({text}), chr(58), {text}' for text in texts)}))"
