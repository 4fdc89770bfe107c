"""The account of every load: raw = staged + quarantined + superseded, each side counted on its own rows.

OPS.RECONCILIATION holds changes; their sums per load are the account. A build writes what its loads' account is now
less what the ledger says, and moves one row from staged to superseded for each row of another load that it overwrote.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from transforms import changes
from transforms.batches import stored
from transforms.contract import ContractError
from transforms.functions import col, count, equal_null, iff, lit
from transforms.functions import sum as sum_of
from transforms.ops import RECONCILIATION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from snowflake.snowpark import Column, DataFrame, Session

    from transforms.contract import Table
    from transforms.reading import Reading

_SIDES = ("raw_rows", "staged_rows", "quarantined_rows", "superseded_rows")


@dataclass(frozen=True)
class Account:
    """What one build changed in the account of one table: four counts per load, in the order of the ledger."""

    changes: Mapping[str, tuple[int, int, int, int]]

    @property
    def rows_quarantined(self) -> int:
        """Records newly refused."""
        return sum(row[2] for row in self.changes.values())

    @property
    def rows_superseded(self) -> int:
        """Records that newly lost to another of their key."""
        return sum(row[3] for row in self.changes.values())

    def rows(self, table: Table, build_id: str, now: datetime) -> list[tuple[Any, ...]]:
        """Rows of OPS.RECONCILIATION."""
        return [(table.name, load_id, build_id, *counts, now) for load_id, counts in sorted(self.changes.items())]


def account_of(session: Session, table: Table, reading: Reading, compared: DataFrame, *, has_updates: bool) -> Account:
    """Count each side of the account on the written table.

    Args:
        session: Where the tables are.
        table: The staging contract; its rows are written, in a transaction that is still open.
        reading: What the build read: raw rows, and their loads where they are known.
        compared: Its comparison with the table before.
        has_updates: Whether stored rows were overwritten.

    Raises:
        ContractError: A load's records do not add up: some were lost or counted twice.
    """
    (raw,) = reading.inputs.values()
    account: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for load_id, rows in raw.group_by("_load_id").agg(count(lit(1)).alias("row_count")).collect():
        account[load_id][0] += rows
    for load_id, *counts in _built_side(session, table, compared).collect():
        for side, rows in enumerate(counts, start=1):
            account[load_id][side] += rows
    read = set(account)
    for load_id, *counts in _known(session, table, raw, reading.loads).collect():
        for side, rows in enumerate(counts):
            account[load_id][side] -= rows
    if has_updates:
        for load_id, rows in _overwritten(compared).collect():
            if load_id not in read:
                account[load_id][1] -= rows
                account[load_id][3] += rows
    _check(table, account)
    return Account({load: (a, b, c, d) for load, (a, b, c, d) in account.items() if any((a, b, c, d))})


def _check(table: Table, account: Mapping[str, list[int]]) -> None:
    off = {load_id: row for load_id, row in account.items() if row[0] != row[1] + row[2] + row[3]}
    if off:
        load_id, row = min(off.items())
        spelled = ", ".join(f"{side} {rows}" for side, rows in zip(_SIDES, row, strict=True))
        raise ContractError(
            f"{table.name}: raw rows are not staged + quarantined + superseded in {len(off)} of {len(account)} loads "
            f"(first {load_id}: {spelled}). Likely a join in build() that loses or repeats rows; nothing was written."
        )


def _built_side(session: Session, table: Table, compared: DataFrame) -> DataFrame:
    """Per load: records that the written table holds, that were refused, and whose key holds another record."""
    records = compared.filter(col("action") != lit(changes.DELETE)).select(
        *[col(f"new_{name}") for name in (*table.key, "_source_file", "_source_row", "_load_id", "_rule")]
    )
    winners = stored(session, table).select(
        *[col(name).alias(f"kept_{name}") for name in (*table.key, "_source_file", "_source_row")]
    )
    same_key = reduce(and_, [col(f"new_{name}") == col(f"kept_{name}") for name in table.key])
    is_good = col("new__rule").is_null()
    held = records.join(winners, on=same_key & is_good, how="left")
    is_kept = equal_null(col("new__source_file"), col("kept__source_file")) & equal_null(
        col("new__source_row"), col("kept__source_row")
    )
    has_winner = col("kept__source_file").is_not_null()
    return held.group_by("new__load_id").agg(
        _count_if(is_good & has_winner & is_kept).alias("staged_rows"),
        _count_if(~is_good).alias("quarantined_rows"),
        _count_if(is_good & has_winner & ~is_kept).alias("superseded_rows"),
    )


def _count_if(condition: Column) -> Column:
    return sum_of(iff(condition, lit(1), lit(0)))


def _overwritten(compared: DataFrame) -> DataFrame:
    """Per load: rows of it of which the build kept another record."""
    is_replaced = ~equal_null(col("was__load_id"), col("new__load_id")) & col("was__load_id").is_not_null()
    replaced = compared.filter((col("action") == lit(changes.UPDATE)) & is_replaced)
    return replaced.group_by("was__load_id").agg(count(lit(1)).alias("row_count"))


def _known(session: Session, table: Table, raw: DataFrame, loads: tuple[str, ...] | None) -> DataFrame:
    """Per load that the build read: what the ledger says."""
    known = stored(session, RECONCILIATION).filter(col("table_name") == lit(table.name))
    is_read = (
        col("load_id").in_(raw.select("_load_id")) if loads is None else col("load_id").in_(*[lit(x) for x in loads])
    )
    return known.filter(is_read).group_by("load_id").agg(*[sum_of(col(side)).alias(side) for side in _SIDES])
