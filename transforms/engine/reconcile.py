"""The account of every load: raw = staged + quarantined + superseded, each side counted on its own rows.

RAW counts its records; what becomes of each the comparison says, which the MERGE must write to the row.
OPS.RECONCILIATION holds changes; their sums per load are the account. A build writes what its loads' account is now
less what the ledger says, and moves one row from staged to superseded for each row of another load that it overwrote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from transforms.contract import INTEGER, TEXT, ContractError, Table
from transforms.engine import compare
from transforms.engine.incremental import Computed
from transforms.engine.stored import read_table
from transforms.functions import DataFrame, Expression, Session, col, count, equal_null, iff, lit, sum as sum_of
from transforms.ops import RECONCILIATION

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
        """Return rows of OPS.RECONCILIATION."""
        return [(table.name, load_id, build_id, *counts, now) for load_id, counts in sorted(self.changes.items())]


def build_account_frames(session: Session, table: Table, computed: Computed, compared: DataFrame) -> list[DataFrame]:
    """Build what the account is made of, as frames of one shape: the side, the load and up to four counts.

    Args:
        session: Where the tables are.
        table: The staging contract.
        computed: What the build reads: raw rows, and their loads where they are known.
        compared: Its comparison with the table.
    """
    raw = computed.raw
    if raw is None:
        raise ContractError(f"{table.name}: the account of its loads needs the raw rows that were read")
    in_raw = raw.group_by("_load_id").agg(count(lit(1)).alias("row_count"))
    return [
        shape_side("raw", in_raw, "_load_id", "row_count"),
        shape_side("built", _build_side(compared), "new__load_id", *_SIDES[1:]),
        shape_side("known", _find_known(session, table, raw, computed.loads), "load_id", *_SIDES),
        shape_side("overwritten", _count_overwritten(compared), "was__load_id", "row_count"),
    ]


def shape_side(side: str, frame: DataFrame, name: str, *counts: str, also: Sequence[str] = ()) -> DataFrame:
    """Shape rows as `side, name, count_1 … count_4` and more columns, so that all counts come in one statement."""
    padded = [*[col(one) for one in counts], *[lit(0)] * (4 - len(counts))]
    numbered = [one.cast(INTEGER).alias(f"count_{place}") for place, one in enumerate(padded, start=1)]
    return frame.select(lit(side).alias("side"), col(name).cast(TEXT).alias("name"), *numbered, *also)


def sum_account(table: Table, rows: Sequence[Sequence[Any]]) -> Account:
    """Sum the change of the account from the rows of `build_account_frames`.

    Raises:
        ContractError: A load's records do not add up: some were lost or counted twice.
    """
    account: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    of_side: dict[str, dict[str, list[int]]] = defaultdict(dict)
    for side, load_id, *counts in rows:
        of_side[side][load_id] = [int(number) for number in counts]
    for load_id, counts in of_side["raw"].items():
        account[load_id][0] += counts[0]
    for load_id, counts in of_side["built"].items():
        account[load_id][1:] = counts[:3]
    read = set(account)
    for load_id, counts in of_side["known"].items():
        account[load_id] = [now - before for now, before in zip(account[load_id], counts, strict=True)]
    for load_id, counts in of_side["overwritten"].items():
        if load_id not in read:  # loads that were read are counted anew above, these are only told of their loss
            account[load_id][1] -= counts[0]
            account[load_id][3] += counts[0]
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


def _build_side(compared: DataFrame) -> DataFrame:
    """Count per load the records that the table will hold, that are refused, and that lost."""
    held = col("action").in_(*[lit(action) for action in (compare.INSERT, compare.UPDATE, compare.SAME)])
    records = compared.filter(col("action") != lit(compare.DELETE))
    return records.group_by("new__load_id").agg(
        _count_if(held).alias("staged_rows"),
        _count_if(col("action") == lit(compare.REJECTED)).alias("quarantined_rows"),
        _count_if(col("action") == lit(compare.SUPERSEDED)).alias("superseded_rows"),
    )


def _count_if(condition: Expression) -> Expression:
    return sum_of(iff(condition, lit(1), lit(0)))


def _count_overwritten(compared: DataFrame) -> DataFrame:
    """Count per load the rows of which the build kept another record."""
    is_replaced = ~equal_null(col("was__load_id"), col("new__load_id")) & col("was__load_id").is_not_null()
    replaced = compared.filter((col("action") == lit(compare.UPDATE)) & is_replaced)
    return replaced.group_by("was__load_id").agg(count(lit(1)).alias("row_count"))


def _find_known(session: Session, table: Table, raw: DataFrame, loads: tuple[str, ...] | None) -> DataFrame:
    """Return what the ledger says of each load that the build read."""
    known = read_table(session, RECONCILIATION).filter(col("table_name") == lit(table.name))
    is_read = (
        col("load_id").in_(raw.select("_load_id")) if loads is None else col("load_id").in_(*[lit(x) for x in loads])
    )
    return known.filter(is_read).group_by("load_id").agg(*[sum_of(col(side)).alias(side) for side in _SIDES])
