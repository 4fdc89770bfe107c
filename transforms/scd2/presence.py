"""When keys of a source were there and when they were gone, told by deliveries that list everything.

A full snapshot is a delivery that lists everything there is; the ledgers know when each was taken, and which of its
records were refused: a refused record still says that its key was there.

A key is gone from the first snapshot that lacks it, and back from the observation that has it again: by the timestamp
strategy from that record's own time, if that is later than the deletion. Where it is later than the observation too,
the key stays gone until then, or until a record that is observed meanwhile says an earlier time; a key that goes again
before then was not back at all. Before it was first seen nothing is known of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from transforms.contract import EFFECTIVE_AT, INTEGER, TIMESTAMP, Table
from transforms.engine.stored import read_table
from transforms.formulas.frames import have_same, null_of
from transforms.functions import (
    DataFrame,
    Session,
    Window,
    coalesce,
    col,
    count,
    greatest,
    iff,
    in_,
    lead,
    least,
    lit,
    max,
    min,
    row_number,
    sum as sum_of,
)
from transforms.ops import CONSUMPTIONS, LOADS, QUARANTINE, RECONCILIATION
from transforms.write_kinds import History, Strategy

if TYPE_CHECKING:
    from snowflake.snowpark.window import WindowSpec

LONG_AGO, FOREVER = (lit(datetime(year, 1, 1)).cast(TIMESTAMP) for year in (1, 9999))  # so that joins compare values
PRESENT_AT = "_present_at"
_GONE, _BACK, _BEFORE = range(3)


def partition_by_key(table: Table, *more: str) -> WindowSpec:
    """Return a window over the rows of one business key."""
    return Window.partition_by(*table.business_key, *more)


def presence_intervals(table: Table, presences: DataFrame, snapshots: DataFrame) -> DataFrame:
    """Return all intervals of each key that was gone at some time: they cover all time and do not overlap.

    Args:
        table: A history whose source lists everything in each delivery.
        presences: The business key, `_present_at`, and `_effective_at` where values were told.
        snapshots: One row per time at which everything was listed (`snapshot_at`).

    Returns:
        The business key as `_of_<name>`, `[_begins_at, _ends_at)`, `_was_gone`, and `_seen_again_at`: the newest
        observation that shows a key which came back with values of a time before.
    """
    gone = _find_gone(table, presences, snapshots)
    gaps = _gaps_by_own_time(table, gone, presences) if _has_own_time(table) else _gaps(gone)
    kinds = gaps.session.create_dataframe([[_GONE], [_BACK], [_BEFORE]], schema=["_kind"])
    is_gone, is_back = col("_kind") == lit(_GONE), col("_kind") == lit(_BACK)
    exists = (
        is_gone
        | (is_back & (col("_back_at") < col("_next_gone_at")))
        | ((col("_kind") == lit(_BEFORE)) & col("_is_first"))
    )
    return (
        gaps.join(kinds, how="cross")
        .filter(exists)
        .select(
            *[f"_of_{name}" for name in table.business_key],
            iff(is_gone, col("_gone_at"), iff(is_back, col("_back_at"), LONG_AGO)).alias("_begins_at"),
            iff(is_gone, col("_back_at"), iff(is_back, col("_next_gone_at"), col("_gone_at"))).alias("_ends_at"),
            is_gone.alias("_was_gone"),
            col("_seen_again_at"),
        )
    )


def _has_own_time(table: Table) -> bool:
    return isinstance(table.write, History) and table.write.strategy is Strategy.TIMESTAMP


def _find_gone(table: Table, presences: DataFrame, snapshots: DataFrame) -> DataFrame:
    """Return one row per time that a key went: from the first snapshot between a presence and the next one."""
    key = table.business_key
    present = presences.group_by(*key, PRESENT_AT).agg(count(lit(1)).alias("_times"))
    # Between two presences a key is gone if a snapshot lies between them: it listed everything, and not the key.
    next_present = lead(col(PRESENT_AT)).over(partition_by_key(table).order_by(col(PRESENT_AT).asc_nulls_last()))
    runs = present.select(*key, PRESENT_AT, coalesce(next_present, FOREVER).alias("_seen_at"))
    followed = runs.join(
        _next_snapshots(presences, snapshots), on=col(PRESENT_AT) == col("_moment"), how="inner"
    ).filter(col("_next_snapshot") < col("_seen_at"))
    in_order = partition_by_key(table).order_by(col(PRESENT_AT).asc_nulls_last())
    return followed.select(
        *[col(name).alias(f"_of_{name}") for name in key],
        col("_next_snapshot").alias("_gone_at"),
        col("_seen_at"),
        coalesce(lead(col("_next_snapshot")).over(in_order), FOREVER).alias("_next_gone_at"),
        (row_number().over(in_order) == lit(1)).alias("_is_first"),
    )


def _next_snapshots(presences: DataFrame, snapshots: DataFrame) -> DataFrame:
    """Return each time of a presence with the first snapshot behind it."""
    moments = presences.select(col(PRESENT_AT).alias("_moment"), lit(0).cast(INTEGER).alias("_is_snapshot")).union_all(
        snapshots.select(col("snapshot_at").alias("_moment"), lit(1).cast(INTEGER).alias("_is_snapshot"))
    )
    distinct = moments.group_by("_moment").agg(max("_is_snapshot").alias("_is_snapshot"))
    # One window over all times instead of a join by inequality, which costs presences x snapshots.
    behind = Window.order_by(col("_moment").asc_nulls_last()).rows_between(1, Window.UNBOUNDED_FOLLOWING)
    listed_at = iff(col("_is_snapshot") == lit(1), col("_moment"), null_of(TIMESTAMP))
    return distinct.select("_moment", min(listed_at).over(behind).alias("_next_snapshot"))


def _gaps(gone: DataFrame) -> DataFrame:
    return gone.select("*", col("_seen_at").alias("_back_at"), col("_seen_at").alias("_seen_again_at"))


def _gaps_by_own_time(table: Table, gone: DataFrame, presences: DataFrame) -> DataFrame:
    """End a gap with the returning record's own time where that is later; later records may show older values."""
    same_key = have_same(table.business_key, "_of_")
    since = (col(PRESENT_AT) >= col("_seen_at")) & (col(PRESENT_AT) < col("_next_gone_at"))
    told = gone.join(presences.select(*table.business_key, PRESENT_AT, EFFECTIVE_AT.name), same_key & since, "left")
    own_time = col(EFFECTIVE_AT.name)
    of_gap = [*[f"_of_{name}" for name in table.business_key], "_gone_at", "_seen_at", "_next_gone_at", "_is_first"]
    never = null_of(TIMESTAMP)
    is_first, is_later = col(PRESENT_AT) == col("_seen_at"), own_time > col("_gone_at")
    of_one = Window.partition_by(*of_gap)
    first_says = min(iff(is_first & is_later, own_time, never)).over(of_one)
    # What holds from when, by each record: its own time, or that of its observation where the values are older.
    anyone_says = min(iff(own_time.is_null(), never, iff(is_later, own_time, col(PRESENT_AT)))).over(of_one)
    back_at = iff(first_says > col("_seen_at"), least(anyone_says, col("_next_gone_at")), first_says)
    ended = told.select(*of_gap, PRESENT_AT, own_time, coalesce(back_at, col("_seen_at")).alias("_back_at"))
    is_older = own_time < col("_back_at")
    shown = ended.group_by(*of_gap, "_back_at").agg(
        max(iff(is_older, col(PRESENT_AT), null_of(TIMESTAMP))).alias("_shown_at")
    )
    return shown.select(
        "*", greatest(coalesce(col("_shown_at"), col("_seen_at")), col("_seen_at")).alias("_seen_again_at")
    )


_ACCOUNT = ("load_id", "staged_rows", "quarantined_rows")


@dataclass(frozen=True)
class FullSnapshots:
    """Snapshots of a staging table's source, as one of its readers knows them.

    Args:
        frame: One row per snapshot: `snapshot_at`.
        newest_known: The newest that was consumed; None where none was.
        first_new: The oldest that was not.
        new_count: How many were not.
        lost_count: Consumed ones of which no row is left.
        refused_count: Refused records of all builds.
        refused_new: Refused records of builds that were not consumed.
        refused_between: The newest time that is no known snapshot and at which records were refused, by a build that
            wrote no rows or in a delivery without a good record; None where there is none.
    """

    frame: DataFrame
    newest_known: datetime | None
    first_new: datetime | None
    new_count: int
    lost_count: int
    refused_count: int
    refused_new: int
    refused_between: datetime | None

    @property
    def is_in_order(self) -> bool:
        """Every new snapshot is newer than every known one, none was lost, and no record was refused in between."""
        if self.newest_known is None or self.lost_count:
            return False
        if self.refused_between is not None and self.refused_between > self.newest_known:
            return False
        return self.first_new is None or self.first_new > self.newest_known


def read_full_snapshots(session: Session, staging: str, reader: str, pending: Sequence[str]) -> FullSnapshots:
    """Read the full snapshots of the staging table's source.

    Args:
        session: Where the ledgers are.
        staging: Name of the staging table.
        reader: Name of the table whose consumption tells what is known.
        pending: Builds of the staging table that the reader has not consumed.
    """
    per_snapshot = _per_snapshot(session, _accounts(session, staging, reader, pending))
    is_now, is_known = col("rows_now") > lit(0), col("rows_known") > lit(0)
    at, never = col("snapshot_at"), null_of(TIMESTAMP)
    # Its key was there at a time that nobody counted as a snapshot, which may cut a gap that is stored already.
    is_between = ~is_known & ((col("refused_now") > col("refused_new")) | (~is_now & (col("refused_now") > lit(0))))
    (found,) = per_snapshot.agg(
        max(iff(is_known, at, never)).alias("newest_known"),
        min(iff(is_now & ~is_known, at, never)).alias("first_new"),
        count(iff(is_now & ~is_known, lit(1), lit(None))).alias("new_count"),
        count(iff(is_known & ~is_now, lit(1), lit(None))).alias("lost_count"),
        coalesce(sum_of("refused_now"), lit(0)).alias("refused_count"),
        coalesce(sum_of("refused_new"), lit(0)).alias("refused_new"),
        max(iff(is_between, at, never)).alias("refused_between"),
    ).collect()
    return FullSnapshots(per_snapshot.filter(is_now).select("snapshot_at"), *found)


def read_snapshot_times(session: Session, staging: str) -> DataFrame:
    """Read the time of every full snapshot of a staging table's source: `snapshot_at`."""
    accounts = read_table(session, RECONCILIATION).filter(col("table_name") == lit(staging))
    per_snapshot = _per_snapshot(session, accounts.select(*_ACCOUNT, lit(1).alias("is_known")))
    return per_snapshot.filter(col("rows_now") > lit(0)).select("snapshot_at")


def read_refused_records(session: Session, staging: str, pending: Sequence[str] | None = None) -> DataFrame:
    """Read records that a staging table refused, in the shape of the rows of its raw table.

    Args:
        session: Where the ledgers are.
        staging: Name of the staging table.
        pending: Only records of loads that these builds of the staging table read; None: all.
    """
    refused = read_table(session, QUARANTINE).filter(col("table_name") == lit(staging))
    if pending is not None:
        read = read_table(session, RECONCILIATION).filter(
            (col("table_name") == lit(staging))
            & (col("quarantined_rows") != lit(0))
            & col("build_id").in_(*[lit(build_id) for build_id in pending])
        )
        refused = refused.filter(in_([col("load_id")], read.select("load_id")))
    loads = read_table(session, LOADS).select(col("load_id").alias("of_load"), "snapshot_at", "loaded_at")
    return refused.join(loads, on=col("load_id") == col("of_load"), how="inner").select(
        "record",
        col("source_file").alias("_source_file"),
        col("source_row").alias("_source_row"),
        col("snapshot_at").alias("_snapshot_at"),
        col("loaded_at").alias("_loaded_at"),
        col("load_id").alias("_load_id"),
    )


def _accounts(session: Session, staging: str, reader: str, pending: Sequence[str]) -> DataFrame:
    """Return the accounts that builds of the staging table wrote, of builds that the reader knows and of pending ones.

    A build that only refused wrote no rows, so it is neither; what it refused counts as known.
    """
    consumed = read_table(session, CONSUMPTIONS).filter(
        (col("table_name") == lit(reader)) & (col("input_table") == lit(staging))
    )
    is_pending = col("build_id").in_(*[lit(build_id) for build_id in pending])
    is_known = in_([col("build_id")], consumed.select("batch_id"))
    only_refused = (col("staged_rows") == lit(0)) & (col("quarantined_rows") > lit(0))
    accounts = read_table(session, RECONCILIATION).filter(
        (col("table_name") == lit(staging)) & (is_pending | is_known | only_refused)
    )
    return accounts.select(*_ACCOUNT, iff(is_pending, lit(0), lit(1)).alias("is_known"))


def _per_snapshot(session: Session, accounts: DataFrame) -> DataFrame:
    """Count per snapshot the rows staged now, those staged when the known builds were made, and refused records."""
    # A ledger row counts changes, so the sums over the known builds are what was there when the reader last looked.
    is_known = col("is_known") == lit(1)
    sums = {
        "rows_now": col("staged_rows"),
        "rows_known": iff(is_known, col("staged_rows"), lit(0)),
        "refused_now": col("quarantined_rows"),
        "refused_new": iff(is_known, lit(0), col("quarantined_rows")),
    }
    loads = read_table(session, LOADS).select(col("load_id").alias("of_load"), "snapshot_at")
    dated = accounts.join(loads, on=col("load_id") == col("of_load"), how="inner")
    return dated.group_by("snapshot_at").agg(*[sum_of(rows).alias(name) for name, rows in sums.items()])
