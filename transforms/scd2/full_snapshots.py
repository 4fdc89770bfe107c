"""What a source that lists everything in each delivery says beyond its staged rows, read from the ledgers.

When it was listed, and which of its records were refused: a refused record still says that its key was there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transforms.contract import TIMESTAMP
from transforms.engine.batches import stored
from transforms.functions import coalesce, col, count, iff, in_, lit, max, min  # noqa: A004
from transforms.functions import sum as sum_of
from transforms.ops import CONSUMPTIONS, LOADS, QUARANTINE, RECONCILIATION

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from snowflake.snowpark import DataFrame, Session

_ACCOUNT = ("load_id", "staged_rows", "quarantined_rows")


@dataclass(frozen=True)
class Listings:
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


def read_listings(session: Session, staging: str, reader: str, pending: Sequence[str]) -> Listings:
    """The snapshots of the staging table's source.

    Args:
        session: Where the ledgers are.
        staging: Name of the staging table.
        reader: Name of the table whose consumption tells what is known.
        pending: Builds of the staging table that the reader has not consumed.
    """
    per_snapshot = _per_snapshot(session, _accounts(session, staging, reader, pending))
    is_now, is_known = col("rows_now") > lit(0), col("rows_known") > lit(0)
    at, never = col("snapshot_at"), lit(None).cast(TIMESTAMP)
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
    return Listings(per_snapshot.filter(is_now).select("snapshot_at"), *found)


def all_snapshots(session: Session, staging: str) -> DataFrame:
    """Every time at which a staging table's source was listed: `snapshot_at`."""
    accounts = stored(session, RECONCILIATION).filter(col("table_name") == lit(staging))
    per_snapshot = _per_snapshot(session, accounts.select(*_ACCOUNT, lit(1).alias("is_known")))
    return per_snapshot.filter(col("rows_now") > lit(0)).select("snapshot_at")


def refused_records(session: Session, staging: str, pending: Sequence[str] | None = None) -> DataFrame:
    """Records that a staging table refused, in the shape of the rows of its raw table.

    Args:
        session: Where the ledgers are.
        staging: Name of the staging table.
        pending: Only records of loads that these builds of the staging table read; None: all.
    """
    refused = stored(session, QUARANTINE).filter(col("table_name") == lit(staging))
    if pending is not None:
        read = stored(session, RECONCILIATION).filter(
            (col("table_name") == lit(staging))
            & (col("quarantined_rows") != lit(0))
            & col("build_id").in_(*[lit(build_id) for build_id in pending])
        )
        refused = refused.filter(in_([col("load_id")], read.select("load_id")))
    loads = stored(session, LOADS).select(col("load_id").alias("of_load"), "snapshot_at", "loaded_at")
    return refused.join(loads, on=col("load_id") == col("of_load"), how="inner").select(
        "record",
        col("source_file").alias("_source_file"),
        col("source_row").alias("_source_row"),
        col("snapshot_at").alias("_snapshot_at"),
        col("loaded_at").alias("_loaded_at"),
        col("load_id").alias("_load_id"),
    )


def _accounts(session: Session, staging: str, reader: str, pending: Sequence[str]) -> DataFrame:
    """The accounts that builds of the staging table wrote, of builds that the reader knows and of pending ones.

    A build that only refused wrote no rows, so it is neither; what it refused counts as known.
    """
    consumed = stored(session, CONSUMPTIONS).filter(
        (col("table_name") == lit(reader)) & (col("input_table") == lit(staging))
    )
    is_pending = col("build_id").in_(*[lit(build_id) for build_id in pending])
    is_known = in_([col("build_id")], consumed.select("batch_id"))
    only_refused = (col("staged_rows") == lit(0)) & (col("quarantined_rows") > lit(0))
    accounts = stored(session, RECONCILIATION).filter(
        (col("table_name") == lit(staging)) & (is_pending | is_known | only_refused)
    )
    return accounts.select(*_ACCOUNT, iff(is_pending, lit(0), lit(1)).alias("is_known"))


def _per_snapshot(session: Session, accounts: DataFrame) -> DataFrame:
    """Rows that are staged now and that were when the known builds were made, and refused records, per snapshot."""
    is_known = col("is_known") == lit(1)
    sums = {
        "rows_now": col("staged_rows"),
        "rows_known": iff(is_known, col("staged_rows"), lit(0)),
        "refused_now": col("quarantined_rows"),
        "refused_new": iff(is_known, lit(0), col("quarantined_rows")),
    }
    loads = stored(session, LOADS).select(col("load_id").alias("of_load"), "snapshot_at")
    dated = accounts.join(loads, on=col("load_id") == col("of_load"), how="inner")
    return dated.group_by("snapshot_at").agg(*[sum_of(rows).alias(name) for name, rows in sums.items()])
