"""When keys of a source were there and when they were gone, told by deliveries that list everything.

A key is gone from the first snapshot that lacks it, and back from the observation that has it again: by the timestamp
strategy from that record's own time, if that is later than the deletion. Where it is later than the observation too,
the key stays gone until then, or until a record that is observed meanwhile says an earlier time; a key that goes again
before then was not back at all. Before it was first seen nothing is known of it.
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from transforms.contract import EFFECTIVE_AT, INTEGER, TIMESTAMP, History, Strategy
from transforms.functions import Window, coalesce, col, count, greatest, iff, lead, least, lit, max, min, row_number  # noqa: A004

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame
    from snowflake.snowpark.window import WindowSpec

    from transforms.contract import Table

LONG_AGO, FOREVER = (lit(datetime(year, 1, 1)).cast(TIMESTAMP) for year in (1, 9999))  # so that joins compare values
PRESENT_AT = "_present_at"
_GONE, _BACK, _BEFORE = range(3)


def of_key(table: Table, *more: str) -> WindowSpec:
    """A window over the rows of one business key."""
    return Window.partition_by(*table.business_key, *more)


def stretches(table: Table, presences: DataFrame, snapshots: DataFrame) -> DataFrame:
    """Of each key that was gone at some time all stretches of time, which cover everything and do not overlap.

    Args:
        table: A history whose source lists everything in each delivery.
        presences: The business key, `_present_at`, and `_effective_at` where values were told.
        snapshots: One row per time at which everything was listed (`snapshot_at`).

    Returns:
        The business key as `_of_<name>`, `[_begins_at, _ends_at)`, `_was_gone`, and `_seen_again_at`: the newest
        observation that shows a key which came back with values of a time before.
    """
    gone = _gone(table, presences, snapshots)
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


def _gone(table: Table, presences: DataFrame, snapshots: DataFrame) -> DataFrame:
    """One row per time that a key went: from the first snapshot behind a presence that is before its next presence."""
    key = table.business_key
    present = presences.group_by(*key, PRESENT_AT).agg(count(lit(1)).alias("_times"))
    next_present = lead(col(PRESENT_AT)).over(of_key(table).order_by(col(PRESENT_AT).asc_nulls_last()))
    runs = present.select(*key, PRESENT_AT, coalesce(next_present, FOREVER).alias("_seen_at"))
    followed = runs.join(
        _next_snapshots(presences, snapshots), on=col(PRESENT_AT) == col("_moment"), how="inner"
    ).filter(col("_next_snapshot") < col("_seen_at"))
    in_order = of_key(table).order_by(col(PRESENT_AT).asc_nulls_last())
    return followed.select(
        *[col(name).alias(f"_of_{name}") for name in key],
        col("_next_snapshot").alias("_gone_at"),
        col("_seen_at"),
        coalesce(lead(col("_next_snapshot")).over(in_order), FOREVER).alias("_next_gone_at"),
        (row_number().over(in_order) == lit(1)).alias("_is_first"),
    )


def _next_snapshots(presences: DataFrame, snapshots: DataFrame) -> DataFrame:
    """Each time of a presence with the first snapshot behind it."""
    moments = presences.select(col(PRESENT_AT).alias("_moment"), lit(0).cast(INTEGER).alias("_is_snapshot")).union_all(
        snapshots.select(col("snapshot_at").alias("_moment"), lit(1).cast(INTEGER).alias("_is_snapshot"))
    )
    distinct = moments.group_by("_moment").agg(max("_is_snapshot").alias("_is_snapshot"))
    behind = Window.order_by(col("_moment").asc_nulls_last()).rows_between(1, Window.UNBOUNDED_FOLLOWING)
    listed_at = iff(col("_is_snapshot") == lit(1), col("_moment"), lit(None).cast(TIMESTAMP))
    return distinct.select("_moment", min(listed_at).over(behind).alias("_next_snapshot"))


def _gaps(gone: DataFrame) -> DataFrame:
    return gone.select("*", col("_seen_at").alias("_back_at"), col("_seen_at").alias("_seen_again_at"))


def _gaps_by_own_time(table: Table, gone: DataFrame, presences: DataFrame) -> DataFrame:
    """A gap ends with the returning record's own time where that is later; later records may show older values."""
    same_key = reduce(and_, [col(name) == col(f"_of_{name}") for name in table.business_key])
    since = (col(PRESENT_AT) >= col("_seen_at")) & (col(PRESENT_AT) < col("_next_gone_at"))
    told = gone.join(presences.select(*table.business_key, PRESENT_AT, EFFECTIVE_AT.name), same_key & since, "left")
    own_time = col(EFFECTIVE_AT.name)
    of_gap = [*[f"_of_{name}" for name in table.business_key], "_gone_at", "_seen_at", "_next_gone_at", "_is_first"]
    never = lit(None).cast(TIMESTAMP)
    is_first, is_later = col(PRESENT_AT) == col("_seen_at"), own_time > col("_gone_at")
    of_one = Window.partition_by(*of_gap)
    first_says = min(iff(is_first & is_later, own_time, never)).over(of_one)
    # What holds from when, by each record: its own time, or that of its observation where the values are older.
    anyone_says = min(iff(own_time.is_null(), never, iff(is_later, own_time, col(PRESENT_AT)))).over(of_one)
    back_at = iff(first_says > col("_seen_at"), least(anyone_says, col("_next_gone_at")), first_says)
    ended = told.select(*of_gap, PRESENT_AT, own_time, coalesce(back_at, col("_seen_at")).alias("_back_at"))
    is_older = own_time < col("_back_at")
    shown = ended.group_by(*of_gap, "_back_at").agg(
        max(iff(is_older, col(PRESENT_AT), lit(None).cast(TIMESTAMP))).alias("_shown_at")
    )
    return shown.select(
        "*", greatest(coalesce(col("_shown_at"), col("_seen_at")), col("_seen_at")).alias("_seen_again_at")
    )
