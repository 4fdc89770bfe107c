"""What a history is computed from: observations of its staging tables, and which keys are computed anew from which.

A key is in order where what arrived can only change its open version or follow it; README.md in transforms/history
tells the conditions one by one. In doubt a key is late: that costs a look at its staged rows and is never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any

from transforms.catalog import Model, models
from transforms.contract import BOOLEAN, EFFECTIVE_AT, INTEGER, LINEAGE, OBSERVED_AT, TIMESTAMP, ContractError, Table
from transforms.engine.batches import in_batches
from transforms.engine.incremental import find_moved_groups
from transforms.engine.states import Batches, State
from transforms.engine.stored import read_table
from transforms.formulas.frames import are_known, have_same, null_of, union_all
from transforms.functions import DataFrame, Expression, Session, coalesce, col, equal_null, greatest, iff, in_, lit, max
from transforms.scd2.presence import FullSnapshots, read_refused_records
from transforms.write_kinds import HardDeletes, History, Strategy

IS_LATE_ARRIVING = "_is_late"


@dataclass(frozen=True)
class HistorySource:
    """A history and the staging tables that it observes.

    Args:
        session: Where the tables are.
        table: The history.
        write: How its versions are made.
        build: Gives observations of rows of the staging tables, a frame of each.
        inputs: The staging tables. The first names what a version needs: rows of the others that do not name the
            key are no observations. Where absence counts there is one, whose deliveries are complete.
        stage: Gives rows of the first staging table from raw ones.
        pending: What of each staging table the history has not consumed.
    """

    session: Session
    table: Table
    write: History
    build: Callable[..., DataFrame]
    inputs: tuple[Table, ...]
    stage: Callable[[DataFrame], DataFrame]
    pending: Mapping[str, Batches]

    @property
    def staging(self) -> Table:
        """The first staging table."""
        return self.inputs[0]

    @property
    def new_ids(self) -> tuple[str, ...]:
        """Batches of the first staging table that the history has not consumed."""
        return self.pending[self.staging.name].ids

    @property
    def counts_absence(self) -> bool:
        """Whether a key that a delivery lacks is gone."""
        return self.write.hard_deletes is not HardDeletes.IGNORE

    @property
    def has_own_time(self) -> bool:
        """Whether records tell from when their values hold."""
        return self.write.strategy is Strategy.TIMESTAMP

    def read_versions(self) -> DataFrame:
        """Return the history as it is stored."""
        return read_table(self.session, self.table)

    def read_staged(self) -> list[DataFrame]:
        """Return each staging table as it is stored."""
        return [read_table(self.session, table) for table in self.inputs]

    def read_newly_staged(self) -> list[DataFrame]:
        """Return rows of each staging table that builds wrote which the history has not consumed."""
        return self._select_written_by({name: batches.ids for name, batches in self.pending.items()})

    def read_rewritten(self) -> list[DataFrame]:
        """Return rows of each staging table that those builds changed."""
        return self._select_written_by({name: batches.moving for name, batches in self.pending.items()})

    def _select_written_by(self, ids: Mapping[str, Sequence[str]]) -> list[DataFrame]:
        both = zip(self.inputs, self.read_staged(), strict=True)
        return [frame.filter(in_batches(table, ids[table.name])) for table, frame in both]

    def observe(self, staged: Sequence[DataFrame]) -> DataFrame:
        """Return observations of rows of the staging tables."""
        return self.build(*staged).select(*self._observation_names)

    @property
    def _observation_names(self) -> list[str]:
        given = [column.name for column in (*self.table.observed_columns, *LINEAGE)]
        return [*given, *[f"_newest_by_{name}" for name in self.write.newest_by], OBSERVED_AT.name, EFFECTIVE_AT.name]

    def read_refused(self, pending: tuple[str, ...] | None = None) -> DataFrame:
        """Return records that staging refused, of all builds or of some, as observations without values."""
        refused = self.stage(read_refused_records(self.session, self.staging.name, pending))
        names = [name for name in self._observation_names if name != EFFECTIVE_AT.name]
        return self.observe([refused]).select(*names, null_of(TIMESTAMP).alias(EFFECTIVE_AT.name))

    def read_arrived(self, full_snapshots: FullSnapshots | None) -> DataFrame:
        """Return observations that the history has not consumed."""
        arrived = self.observe(self.read_newly_staged())
        if full_snapshots is not None and full_snapshots.refused_new:
            arrived = arrived.union_all(self.read_refused(self.new_ids))
        return arrived.filter(self.is_usable())

    def is_usable(self) -> Expression:
        """Return the condition that the observation names its key, and tells values or that the key was there."""
        has_key = are_known(self.table.business_key)
        return has_key if self.counts_absence else has_key & col(EFFECTIVE_AT.name).is_not_null()

    def of_keys(self, frame: DataFrame, keys: DataFrame) -> DataFrame:
        """Return the frame's rows of some keys."""
        return frame.filter(in_([col(name) for name in self.table.business_key], keys))


def find_source(session: Session, model: Model, state: State, parameters: Mapping[str, Any]) -> HistorySource:
    """Find the history of a model beside its staging tables.

    Args:
        session: Where the tables are.
        model: A history.
        state: What it has not consumed.
        parameters: Values for keyword parameters of its `build`.

    Raises:
        ContractError: The model is no history of a staging table.
    """
    staging, write, build = models()[model.inputs[0]], model.table.write, model.build
    if not isinstance(write, History) or build is None or staging.build is None:
        raise ContractError(f"{model.table.name}: is no history of a staging table")
    return HistorySource(
        session=session,
        table=model.table,
        write=write,
        build=lambda *staged: build(*staged, **parameters),
        inputs=tuple(models()[name].table for name in model.inputs),
        stage=staging.build,
        pending=state.pending,
    )


def find_affected_keys(source: HistorySource, full_snapshots: FullSnapshots | None, state: State) -> DataFrame:
    """Find the keys to compute, each with `_is_late`: 1 where it must be computed from all its observations.

    Args:
        source: The history.
        full_snapshots: The snapshots of its source, where absence counts.
        state: What the history has not consumed.
    """
    key = source.table.business_key
    arrived, newest = source.read_arrived(full_snapshots), _newest_versions(source)
    same_key = have_same(key, "_of_")
    judged = arrived.join(newest, on=same_key, how="left")
    affected = [judged.select(*key, _late_unless(_is_in_order(source, full_snapshots)))]
    if full_snapshots is not None and full_snapshots.first_new is not None:
        is_absent = ~col("_was_gone") & ~in_([col(f"_of_{name}") for name in key], arrived.select(*key))
        names = [col(f"_of_{name}").alias(name) for name in key]
        affected.append(newest.filter(is_absent).select(*names, _late_unless(_began_before(full_snapshots))))
    affected += [frame.select(*key, lit(1).alias(IS_LATE_ARRIVING)) for frame in _find_rewritten(source, state)]
    has_key = are_known(key)  # a record without a key can be no version; it is quarantined with its rule
    every = union_all(affected).filter(has_key)
    return every.group_by(*key).agg(max(IS_LATE_ARRIVING).cast(INTEGER).alias(IS_LATE_ARRIVING))


def _late_unless(is_in_order: Expression) -> Expression:
    # A condition over an unknown time is NULL: then the order is not known, which is late.
    return iff(coalesce(is_in_order, lit(False)), lit(0), lit(1)).alias(IS_LATE_ARRIVING)


def _find_rewritten(source: HistorySource, state: State) -> list[DataFrame]:
    """Return keys of staged rows that were changed or deleted: what they said before is forgotten."""
    if not any(batches.moving for batches in source.pending.values()):
        return []
    return [source.observe(source.read_rewritten()), *find_moved_groups(source.session, source.table, state)]


def _is_in_order(source: HistorySource, full_snapshots: FullSnapshots | None) -> Expression:
    """Return the condition on an observation that it can only change its key's open version, or follow it."""
    seen_at, told_at = col(OBSERVED_AT.name), col(EFFECTIVE_AT.name)
    is_in_order = ~col("_was_gone") & (seen_at > greatest(col("_seen_at"), col("_from")))
    if source.has_own_time:
        equal = [equal_null(col(name), col(f"_was_{name}")) for name in source.table.tracked_columns]
        repeats = (told_at == col("_told_at")) & (col("_told_at") >= col("_from")) & reduce(and_, equal)
        is_in_order &= told_at.is_null() | (told_at > greatest(col("_from"), col("_told_at"))) | repeats
    if full_snapshots is not None and full_snapshots.first_new is not None:
        is_in_order &= _began_before(full_snapshots)
    return iff(col("_from").is_null(), _is_first(source, full_snapshots), is_in_order)


def _began_before(full_snapshots: FullSnapshots) -> Expression:
    """Return the condition on an open version that it and its values began before the snapshots that may end it."""
    return greatest(col("_from"), col("_told_at")) < lit(full_snapshots.first_new)


def _is_first(source: HistorySource, full_snapshots: FullSnapshots | None) -> Expression:
    """Return the condition on an observation of a key without versions that nothing seen before can matter.

    A refused record may have been, or one without a time: then the key may have been gone meanwhile, which cuts values
    that are told to hold from before. Values that were told of the future may have fallen into a gap that is left out.
    """
    if full_snapshots is None:
        return lit(True)
    leaves_gaps = source.write.hard_deletes is HardDeletes.INVALIDATE
    if source.has_own_time and (leaves_gaps or full_snapshots.new_count > 1):
        return lit(False)
    known = lit(full_snapshots.newest_known)
    return (col(OBSERVED_AT.name) > known) & (col(EFFECTIVE_AT.name).is_null() | (col(EFFECTIVE_AT.name) > known))


def _newest_versions(source: HistorySource) -> DataFrame:
    """Return the open version of each key, renamed for a join; by check also which keys have closed versions only."""
    versions = source.read_versions()
    key = [col(name).alias(f"_of_{name}") for name in source.table.business_key]
    told_at = col(source.write.effective_at) if source.has_own_time else col("valid_from")
    tracked = source.table.tracked_columns
    open_versions = versions.filter(col("is_current")).select(
        *key,
        col("valid_from").alias("_from"),
        told_at.alias("_told_at"),
        col("is_deleted").alias("_was_gone"),
        col("observed_at_last").alias("_seen_at"),
        *[col(name).alias(f"_was_{name}") for name in tracked],
    )
    if source.write.hard_deletes is not HardDeletes.INVALIDATE or source.has_own_time:
        return open_versions
    # By check, INVALIDATE leaves a key that is gone without an open version: its closed ones say that it was known.
    is_open = max(iff(col("is_current"), lit(1), lit(0)))
    per_key = versions.group_by(*source.table.business_key).agg(
        is_open.alias("_is_open"), max("valid_from").alias("_from")
    )
    closed = per_key.filter(col("_is_open") == lit(0)).select(
        *key,
        "_from",
        col("_from").alias("_told_at"),
        lit(True).cast(BOOLEAN).alias("_was_gone"),
        col("_from").alias("_seen_at"),
        *[null_of(source.table.column(name).type).alias(f"_was_{name}") for name in tracked],
    )
    return open_versions.union_all(closed)
