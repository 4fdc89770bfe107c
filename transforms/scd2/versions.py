"""Versions of observations (SCD2): what holds, from when to when, as frames from frames.

Two things are laid over each other. VALUES: an observation's values hold from its effective time until the next one's.
PRESENCE: a key is there, or gone (transforms/scd2/presence.py). A version is a stretch of time in which neither a
tracked column nor presence changes, so the result depends on the observations alone, not on when or how they arrived.
transforms/history/README.md has the picture.
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import and_, or_

from transforms.contract import BOOLEAN, EFFECTIVE_AT, LINEAGE, OBSERVED_AT, ContractError, Table
from transforms.engine import compare
from transforms.engine.stored import read_table
from transforms.formulas.frames import have_same
from transforms.formulas.keys import hash_key
from transforms.functions import (
    DataFrame,
    Expression,
    Session,
    Window,
    coalesce,
    col,
    date_part,
    equal_null,
    greatest,
    iff,
    in_,
    lag,
    lead,
    lit,
    max,
    row_number,
    sum as sum_of,
    when,
)
from transforms.scd2.presence import FOREVER, partition_by_key
from transforms.write_kinds import HardDeletes, History


def build_versions(table: Table, observations: DataFrame, intervals: DataFrame | None = None) -> DataFrame:
    """Build the versions of each key, in the contract's columns.

    Args:
        table: A history.
        observations: What `table.observe` gives; rows without an effective time tell no values.
        intervals: What `presence_intervals` gives of keys that were gone at some time; None: absence says nothing.
    """
    values = _values_over_time(table, observations)
    pieces = _alone(values) if intervals is None else _lay_over(table, values, intervals)
    return table.select(_join_where_equal(table, pieces))


def select_as_of(history: DataFrame, time: datetime | Expression) -> DataFrame:
    """Select the version of each key that existed at a time: at most one, also at the boundaries.

    Args:
        history: Rows of a history.
        time: UTC; a value, or a column of the frame.
    """
    at = lit(time) if not hasattr(time, "alias") else time
    holds = (col("valid_from") <= at) & (col("valid_to").is_null() | (at < col("valid_to")))
    return history.filter(holds & ~col("is_deleted"))


def count_broken_invariants(table: Table, history: DataFrame) -> DataFrame:
    """Count, in one row, the versions that break each of the rules that hold after every write.

    Args:
        table: The contract.
        history: Its rows, for each key all or none.
    """
    in_order = partition_by_key(table).order_by(col("valid_from").asc_nulls_last())
    before = {name: lag(col(name)).over(in_order) for name in (*table.tracked_columns, "is_deleted")}
    paired = history.select(
        "*",
        row_number().over(in_order).alias("_number"),
        lag(col("valid_to")).over(in_order).alias("_ended_before"),
        lead(col("valid_from")).over(in_order).alias("_next_from"),
        reduce(and_, [equal_null(col(name), was) for name, was in before.items()]).alias("_is_like_before"),
    )
    has_before = col("_number") > lit(1)
    # INVALIDATE leaves out the time in which a key was gone, so there a gap and a closed last version are right.
    is_last, is_open = col("_next_from").is_null(), col("valid_to").is_null()
    may_end = lit(_write(table).hard_deletes is HardDeletes.INVALIDATE)
    rules = {
        "empty_interval": col("valid_to") <= col("valid_from"),
        "overlap": has_before & coalesce(col("_ended_before") > col("valid_from"), lit(True)),
        "gap": has_before & (col("_ended_before") < col("valid_from")) & ~may_end,
        "equal_neighbours": has_before & (col("_ended_before") == col("valid_from")) & col("_is_like_before"),
        "not_current_where_open": (col("is_current") & ~is_open) | (~col("is_current") & is_open),
        "current_not_last": col("is_current") & ~is_last,
        "no_current": is_last & ~col("is_current") & ~may_end,
        "wrong_version_key": col("version_key") != _version_key(table),
    }
    return paired.agg(*[sum_of(iff(broken, lit(1), lit(0))).alias(name) for name, broken in rules.items()])


def _write(table: Table) -> History:
    if not isinstance(table.write, History):
        raise ContractError(f"{table.name}: is not a history")
    return table.write


def _values_over_time(table: Table, observations: DataFrame) -> DataFrame:
    """Return one row per key and effective time, with the next time; the latest observation of it tells the values."""
    names = [column.name for column in table.observed_columns]
    newest_by = [f"_newest_by_{name}" for name in _write(table).newest_by]
    order = (OBSERVED_AT.name, *newest_by, LINEAGE[0].name, LINEAGE[1].name)
    # The same time may be told twice: what was observed last corrects what was told before. File and row end every
    # tie, so a rebuild that reads in another order picks the same row.
    of_time = partition_by_key(table, EFFECTIVE_AT.name).order_by(*[col(name).desc_nulls_last() for name in order])
    told = observations.filter(col(EFFECTIVE_AT.name).is_not_null()).select(
        *names, OBSERVED_AT.name, EFFECTIVE_AT.name, row_number().over(of_time).alias("_rank")
    )
    next_at = lead(col(EFFECTIVE_AT.name)).over(
        partition_by_key(table).order_by(col(EFFECTIVE_AT.name).asc_nulls_last())
    )
    return told.filter(col("_rank") == lit(1)).select("*", coalesce(next_at, FOREVER).alias("_next_at"))


def _alone(values: DataFrame) -> DataFrame:
    return values.select(
        "*", col(EFFECTIVE_AT.name).alias("_at"), lit(False).alias("_is_gone"), col(OBSERVED_AT.name).alias("_seen_at")
    )


def _lay_over(table: Table, values: DataFrame, intervals: DataFrame) -> DataFrame:
    """Return the values cut where presence changes; those of keys that were always there stay as they are."""
    same_key = have_same(table.business_key, "_of_")
    overlaps = (col("_begins_at") < col("_next_at")) & (col("_ends_at") > col(EFFECTIVE_AT.name))
    # Keys that were never gone have no intervals, and a left join leaves their values whole.
    cut = values.join(intervals, on=same_key & overlaps, how="left")
    told_at, begins_at = col(EFFECTIVE_AT.name), col("_begins_at")
    seen_at = (
        when(col("_was_gone"), begins_at)
        .when(begins_at > told_at, col("_seen_again_at"))
        .when(begins_at == told_at, greatest(col("_seen_again_at"), col(OBSERVED_AT.name)))
        .otherwise(col(OBSERVED_AT.name))
    )
    return cut.select(
        *[col(column.name) for column in table.observed_columns],
        iff(begins_at > told_at, begins_at, told_at).alias("_at"),
        coalesce(col("_was_gone"), lit(False)).cast(BOOLEAN).alias("_is_gone"),
        seen_at.alias("_seen_at"),
    )


def _join_where_equal(table: Table, pieces: DataFrame) -> DataFrame:
    """Join neighbouring pieces that are equal to one version, with the values of its last piece."""
    in_order = partition_by_key(table).order_by(col("_at").asc_nulls_last())
    watched = (*table.tracked_columns, "_is_gone")
    differs = reduce(or_, [~equal_null(col(name), lag(col(name)).over(in_order)) for name in watched])
    names = [column.name for column in table.observed_columns]
    opened = pieces.select(
        *names, "_at", "_is_gone", "_seen_at", (differs | (row_number().over(in_order) == lit(1))).alias("_opens")
    )
    # The newest begin so far names the version of a piece: pieces that open nothing inherit it from the one before.
    so_far = in_order.rows_between(Window.UNBOUNDED_PRECEDING, Window.CURRENT_ROW)
    begun = opened.select(
        "*",
        max(iff(col("_opens"), col("_at"), lit(None))).over(so_far).alias("valid_from"),
        lead(col("_at")).over(in_order).alias("valid_to"),
        coalesce(lead(col("_opens")).over(in_order), lit(True)).alias("_is_last"),
    )
    rested = begun.select(
        "*", max(col("_seen_at")).over(partition_by_key(table, "valid_from")).alias("observed_at_last")
    )
    is_kept = col("_is_last")
    if _write(table).hard_deletes is HardDeletes.INVALIDATE:
        is_kept = is_kept & ~col("_is_gone")
    return rested.filter(is_kept).select(
        "*",
        col("valid_to").is_null().alias("is_current"),
        col("_is_gone").alias("is_deleted"),
        _version_key(table).alias("version_key"),
    )


def _version_key(table: Table) -> Expression:
    return hash_key(*table.business_key, date_part("epoch_microsecond", col("valid_from")))


def check_versions(session: Session, table: Table, compared: DataFrame) -> None:
    """Check the versions of every key that a comparison wrote; inside the transaction, so that nothing wrong is kept.

    Raises:
        ContractError: They are no history.
    """
    written = compared.filter(compare.is_written()).select(*[col(f"new_{name}") for name in table.business_key])
    versions = read_table(session, table).filter(in_([col(name) for name in table.business_key], written))
    (found,) = count_broken_invariants(table, versions).collect()
    broken = {rule.lower(): rows for rule, rows in found.as_dict().items() if rows}
    if broken:
        raise ContractError(
            f"{table.name}: the versions written are no history: {broken} (rows per rule); nothing was kept. "
            f"Likely rows of the table were changed by hand: build it again with --full-refresh."
        )
