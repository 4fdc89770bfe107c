"""The account of every load: raw = staged + quarantined + superseded, each side counted on its own rows.

OPS.RECONCILIATION holds changes; their sums per load are the account. A build writes what its loads' account is now
less what the ledger says, and moves one row from staged to superseded for each row of another load that it overwrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING

from snowflake.snowpark.functions import col, count, equal_null, iff, lit, min, sum

from transforms import changes
from transforms.batches import stored
from transforms.contract import INTEGER, TIMESTAMP, ContractError
from transforms.ops import RECONCILIATION

if TYPE_CHECKING:
    from datetime import datetime

    from snowflake.snowpark import Column, DataFrame, Session

    from transforms.contract import Table
    from transforms.reading import Reading

_SIDES = ("raw_rows", "staged_rows", "quarantined_rows", "superseded_rows")


@dataclass(frozen=True)
class Account:
    """What a build changed in the account of a table: its new rejected and superseded records."""

    rows_quarantined: int
    rows_superseded: int


def account_changes(
    session: Session, table: Table, reading: Reading, compared: DataFrame, build_id: str, now: datetime
) -> DataFrame:
    """Rows of OPS.RECONCILIATION for a build whose rows are written.

    Args:
        session: Where the tables are.
        table: The staging contract.
        reading: What the build read: raw rows, and their loads where they are known.
        compared: Its comparison with the table before.
        build_id: The build.
        now: The time that the rows carry.
    """
    (raw,) = reading.inputs.values()
    parts = [_raw_side(raw), _built_side(session, table, compared)]
    parts += [_overwritten(compared, raw, reading.loads), _known(session, table, raw, reading.loads)]
    added = reduce(lambda left, right: left.union_all(right), parts).group_by("load_id")
    per_load = added.agg(*[sum(col(side)).cast(INTEGER).alias(side) for side in _SIDES])
    changed = per_load.filter(reduce(or_, [col(side) != lit(0) for side in _SIDES]))
    return changed.select(
        lit(table.name).alias("table_name"),
        col("load_id"),
        lit(build_id).alias("build_id"),
        *[col(side) for side in _SIDES],
        lit(now).cast(TIMESTAMP).alias("reconciled_at"),
    )


def checked_account(session: Session, table: Table, build_id: str) -> Account:
    """The account's change by the build, once it is written.

    Raises:
        ContractError: A load's records do not add up: some were lost or counted twice.
    """
    written = stored(session, RECONCILIATION).filter(
        (col("table_name") == lit(table.name)) & (col("build_id") == lit(build_id))
    )
    is_off = col("raw_rows") != col("staged_rows") + col("quarantined_rows") + col("superseded_rows")
    spelled = iff(is_off, col("load_id"), lit(None))
    row = written.select(
        sum(col("quarantined_rows")),
        sum(col("superseded_rows")),
        count(spelled),
        min(spelled),
    ).collect()[0]
    if row[2]:
        raise ContractError(
            f"{table.name}: raw rows are not staged + quarantined + superseded for {row[2]} loads (first {row[3]}). "
            f"Expected every record of RAW in one of the three. Likely a join in build() that loses or repeats rows; "
            f"nothing was written."
        )
    return Account(int(row[0] or 0), int(row[1] or 0))


def _side(frame: DataFrame, load: str, *, raw: Column, staged: Column, rejected: Column, beaten: Column) -> DataFrame:
    return frame.select(
        col(load).alias("load_id"),
        *[value.cast(INTEGER).alias(side) for side, value in zip(_SIDES, (raw, staged, rejected, beaten), strict=True)],
    )


def _raw_side(raw: DataFrame) -> DataFrame:
    counted = raw.select(col("_load_id"))
    return _side(counted, "_load_id", raw=lit(1), staged=lit(0), rejected=lit(0), beaten=lit(0))


def _built_side(session: Session, table: Table, compared: DataFrame) -> DataFrame:
    """Each built record, held against the written table: it is there, another of its key is, or neither."""
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
    return _side(
        held,
        "new__load_id",
        raw=lit(0),
        staged=iff(is_good & has_winner & is_kept, lit(1), lit(0)),
        rejected=iff(is_good, lit(0), lit(1)),
        beaten=iff(is_good & has_winner & ~is_kept, lit(1), lit(0)),
    )


def _overwritten(compared: DataFrame, raw: DataFrame, loads: tuple[str, ...] | None) -> DataFrame:
    """Rows of loads that this build did not read, of which it kept another record."""
    is_replaced = (col("action") == lit(changes.UPDATE)) & (
        ~equal_null(col("was__load_id"), col("new__load_id")) & col("was__load_id").is_not_null()
    )
    elsewhere = compared.filter(is_replaced & ~_is_of(col("was__load_id"), raw, loads))
    return _side(elsewhere, "was__load_id", raw=lit(0), staged=lit(-1), rejected=lit(0), beaten=lit(1))


def _known(session: Session, table: Table, raw: DataFrame, loads: tuple[str, ...] | None) -> DataFrame:
    """What the ledger says of the loads that the build read, with the sign turned."""
    of_the_table = col("table_name") == lit(table.name)
    known = stored(session, RECONCILIATION).filter(of_the_table & _is_of(col("load_id"), raw, loads))
    return known.select(col("load_id"), *[(-col(side)).cast(INTEGER).alias(side) for side in _SIDES])


def _is_of(load: Column, raw: DataFrame, loads: tuple[str, ...] | None) -> Column:
    return load.in_(raw.select("_load_id")) if loads is None else load.in_(*[lit(name) for name in loads])
