"""What a build of a history reads: of keys whose observations came in order what is new, of others all there is.

A key in order is computed from its current version, which stands for everything that was seen before, and from the
observations that arrived (the fast path). A key with a late observation is computed from all its staged rows. Keys that
a new complete delivery lacks are touched too. README.md in transforms/history tells when a key is in order and why.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from snowflake.snowpark.functions import coalesce, col, concat, equal_null, greatest, iff, in_, lit, max  # noqa: A004

from transforms import writers
from transforms.batches import in_batches, stored
from transforms.catalog import models
from transforms.contract import EFFECTIVE_AT, LINEAGE, OBSERVED_AT, TEXT, TIMESTAMP, HardDeletes, History, Strategy
from transforms.existence import PRESENT_AT, stretches
from transforms.listings import Listings, all_snapshots, read_listings, refused_records
from transforms.reading import MOST_BATCHES, Reading, displaced_groups
from transforms.versions import versions_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from snowflake.snowpark import Column, DataFrame, Session

    from transforms.batches import State
    from transforms.catalog import Model
    from transforms.contract import Table
    from transforms.reading import Request

_IS_LATE = "_is_late"


@dataclass(frozen=True)
class _Source:
    """A history and the staging table that it observes."""

    session: Session
    model: Model
    staging: Model
    state: State
    parameters: Mapping[str, Any]

    @property
    def table(self) -> Table:
        return self.model.table

    @property
    def write(self) -> History:
        assert isinstance(self.model.table.write, History)
        return self.model.table.write

    @property
    def pending(self) -> tuple[str, ...]:
        return self.state.pending[self.staging.table.name].ids

    @property
    def counts_absence(self) -> bool:
        return self.write.hard_deletes is not HardDeletes.IGNORE

    @property
    def has_own_time(self) -> bool:
        return self.write.strategy is Strategy.TIMESTAMP

    def staged(self) -> DataFrame:
        return stored(self.session, self.staging.table)

    def observed(self, staged: DataFrame) -> DataFrame:
        """Observations of rows of the staging table."""
        assert self.model.build is not None
        return self.model.build(staged, **self.parameters).select(*self.observation_names)

    def refused(self, pending: tuple[str, ...] | None = None) -> DataFrame:
        """Records that staging refused, as observations without values: their key was there."""
        assert self.staging.build is not None
        staged = self.staging.build(refused_records(self.session, self.staging.table.name, pending))
        *names, _ = self.observation_names
        return self.observed(staged).select(*names, lit(None).cast(TIMESTAMP).alias(EFFECTIVE_AT.name))

    @property
    def observation_names(self) -> list[str]:
        given = [column.name for column in (*self.table.observed_columns, *LINEAGE)]
        return [*given, *[f"_newest_by_{name}" for name in self.write.newest_by], OBSERVED_AT.name, EFFECTIVE_AT.name]

    def is_usable(self) -> Column:
        """Condition: the observation names its key, and tells values or at least that the key was there."""
        has_key = reduce(and_, [col(name).is_not_null() for name in self.table.business_key])
        return has_key if self.counts_absence else has_key & col(EFFECTIVE_AT.name).is_not_null()


@contextmanager
def history_reading(
    session: Session, model: Model, state: State, request: Request, parameters: Mapping[str, Any]
) -> Iterator[Reading | None]:
    """What to read, with the versions that come of it; None where nothing is new.

    Args:
        session: Where the tables are.
        model: A history.
        state: What it was built with, and what it has not consumed.
        request: What is asked.
        parameters: Of its `build`.
    """
    source = _Source(session, model, models()[model.inputs[0]], state, parameters)
    reads_all = request.mode == "full_refresh" or request.is_changed
    if not reads_all and not state.pending_count:
        yield None
        return
    reads_all = reads_all or state.pending_count > MOST_BATCHES
    listings = None
    if source.counts_absence and not reads_all:
        listings = read_listings(session, source.staging.table.name, model.table.name, source.pending)
        reads_all = not listings.is_in_order
    if reads_all:
        yield _everything(source)
        return
    with writers.kept_for_now(session, _touched(source, listings)) as touched:
        yield _of_touched(source, listings, touched)


def rewound_reading(
    session: Session, model: Model, state: State, parameters: Mapping[str, Any], until: datetime
) -> Reading:
    """What a history is as the observations until a time make it, inclusive; nothing that was not read is consumed."""
    source = _Source(session, model, models()[model.inputs[0]], state, parameters)
    return replace(_everything(source, until), consumes=False)


def _everything(source: _Source, until: datetime | None = None) -> Reading:
    """All versions of all keys, of what was observed until then where that is given."""
    observed = source.observed(source.staged())
    snapshots = None
    if source.counts_absence:
        observed = observed.union_all(source.refused())
        snapshots = all_snapshots(source.session, source.staging.table.name)
    if until is not None:
        observed = observed.filter(col(OBSERVED_AT.name) <= lit(until))
        snapshots = None if snapshots is None else snapshots.filter(col("snapshot_at") <= lit(until))
    usable = observed.filter(source.is_usable()).select("*", col(OBSERVED_AT.name).alias(PRESENT_AT))
    rejected = source.observed(source.staged()) if until is None else None
    current = stored(source.session, source.table)
    return Reading(
        {},
        current,
        is_whole_truth=True,
        built=_versions(source, usable, snapshots),
        rejected=_rejected(source, rejected),
    )


def _versions(source: _Source, observations: DataFrame, snapshots: DataFrame | None) -> DataFrame:
    if snapshots is None:
        return versions_of(source.table, observations)
    presences = observations.select(*source.table.business_key, PRESENT_AT, EFFECTIVE_AT.name)
    return versions_of(source.table, observations, stretches(source.table, presences, snapshots))


def _rejected(source: _Source, observed: DataFrame | None) -> DataFrame | None:
    """Observations that no version can rest on, with the rule that they break; None where contracts rule them out."""
    staging = source.staging.table
    needed = {name: col(name) for name in source.table.business_key}
    if source.has_own_time:
        needed[source.write.effective_at] = col(EFFECTIVE_AT.name)
    nullable = [name for name in needed if staging.column(name).nullable]
    if observed is None or not nullable:
        return None
    rule = lit(None).cast(TEXT)
    for name in reversed(nullable):
        rule = iff(needed[name].is_null(), lit(f"{name}_missing"), rule)
    lineage = [column.name for column in LINEAGE]
    broken = observed.select(*lineage, rule.alias("_rule")).filter(col("_rule").is_not_null())
    why = concat(col("_rule"), lit(f": no version of {source.table.name} can be made of the record without it"))
    return broken.select("*", why.alias("_reason"))


def _arrived(source: _Source, listings: Listings | None) -> DataFrame:
    staged = source.staged().filter(in_batches(source.staging.table, source.pending))
    arrived = source.observed(staged)
    if listings is not None and listings.refused_new:
        arrived = arrived.union_all(source.refused(source.pending))
    return arrived.filter(source.is_usable())


def _touched(source: _Source, listings: Listings | None) -> DataFrame:
    """Each key that must be computed anew, and whether from all its observations."""
    key = source.table.business_key
    arrived = _arrived(source, listings)
    current = _current(source)
    same_key = reduce(and_, [col(name) == col(f"_of_{name}") for name in key])
    judged = arrived.join(current, on=same_key, how="left")
    touched = [judged.select(*key, iff(_is_in_order(source, listings), lit(0), lit(1)).alias(_IS_LATE))]
    if listings is not None and listings.first_new is not None:
        is_absent = ~col("_was_gone") & ~in_([col(f"_of_{name}") for name in key], arrived.select(*key))
        is_before = greatest(col("_from"), col("_told_at")) < lit(listings.first_new)
        touched.append(
            current.filter(is_absent).select(
                *[col(f"_of_{name}").alias(name) for name in key], iff(is_before, lit(0), lit(1)).alias(_IS_LATE)
            )
        )
    displacing = source.state.pending[source.staging.table.name].displacing
    if displacing:
        rewritten = source.observed(source.staged().filter(in_batches(source.staging.table, displacing)))
        left = displaced_groups(source.session, source.table, source.state)
        touched += [frame.select(*key, lit(1).alias(_IS_LATE)) for frame in (rewritten, *left)]
    named = reduce(and_, [col(name).is_not_null() for name in key])
    return (
        reduce(lambda left, right: left.union_all(right), touched)
        .filter(named)
        .group_by(*key)
        .agg(max(_IS_LATE).alias(_IS_LATE))
    )


def _current(source: _Source) -> DataFrame:
    """The open versions, renamed for a join."""
    told_at = col(source.write.effective_at) if source.has_own_time else col("valid_from")
    return (
        stored(source.session, source.table)
        .filter(col("is_current"))
        .select(
            *[col(name).alias(f"_of_{name}") for name in source.table.business_key],
            col("valid_from").alias("_from"),
            told_at.alias("_told_at"),
            col("is_deleted").alias("_was_gone"),
            col("observed_at_last").alias("_seen_at"),
            *[col(name).alias(f"_was_{name}") for name in source.table.tracked_columns],
        )
    )


def _is_in_order(source: _Source, listings: Listings | None) -> Column:
    """Condition on an observation beside its key's open version: it can only change that version or follow it."""
    seen_at, told_at = col(OBSERVED_AT.name), col(EFFECTIVE_AT.name)
    is_in_order = ~col("_was_gone") & (seen_at > greatest(col("_seen_at"), col("_from")))
    if source.has_own_time:
        equal = [equal_null(col(name), col(f"_was_{name}")) for name in source.table.tracked_columns]
        repeats = (told_at == col("_told_at")) & (col("_told_at") >= col("_from")) & reduce(and_, equal)
        is_in_order &= told_at.is_null() | (told_at > greatest(col("_from"), col("_told_at"))) | repeats
    if listings is not None and listings.first_new is not None:
        is_in_order &= greatest(col("_from"), col("_told_at")) < lit(listings.first_new)
    is_unknown = col("_from").is_null()
    return coalesce(iff(is_unknown, _is_first(source, listings), is_in_order), lit(False))


def _is_first(source: _Source, listings: Listings | None) -> Column:
    """Condition on an observation of a key without an open version: nothing that was seen before can matter."""
    if listings is None:
        return lit(True)
    if source.write.hard_deletes is HardDeletes.INVALIDATE or (source.has_own_time and listings.new_count > 1):
        return lit(False)
    known = lit(listings.newest_known)
    return (col(OBSERVED_AT.name) > known) & (col(EFFECTIVE_AT.name).is_null() | (col(EFFECTIVE_AT.name) > known))


def _of_touched(source: _Source, listings: Listings | None, touched: DataFrame) -> Reading:
    """The versions of the touched keys: of late ones of all there is, of others of what continues the open version."""
    counts = {row[0]: row[1] for row in touched.group_by(_IS_LATE).count().collect()}
    late = touched.filter(col(_IS_LATE) == lit(1)).select(*source.table.business_key)
    in_order = touched.filter(col(_IS_LATE) == lit(0)).select(*source.table.business_key)
    observations, current = [], []
    if counts.get(0) or not counts:
        open_versions = _in_keys(source, stored(source.session, source.table).filter(col("is_current")), in_order)
        arrived = _arrived(source, listings)
        arrived = _in_keys(source, arrived, in_order) if counts.get(1) else arrived
        observations.append(_continuing(source, listings, open_versions, arrived))
        current.append(open_versions)
    if counts.get(1):
        observed = source.observed(_in_keys(source, source.staged(), late))
        if listings is not None and listings.refused_count:
            observed = observed.union_all(_in_keys(source, source.refused(), late))
        usable = observed.filter(source.is_usable())
        observations.append(usable.select("*", col(OBSERVED_AT.name).alias(PRESENT_AT)))
        current.append(_in_keys(source, stored(source.session, source.table), late))
    built = _versions(
        source,
        reduce(lambda left, right: left.union_all(right), observations),
        None if listings is None else listings.frame,
    )
    arrived_rows = source.observed(source.staged().filter(in_batches(source.staging.table, source.pending)))
    return Reading(
        {},
        reduce(lambda left, right: left.union_all(right), current),
        is_whole_truth=True,
        built=built,
        rejected=_rejected(source, arrived_rows),
    )


def _continuing(source: _Source, listings: Listings | None, open_versions: DataFrame, arrived: DataFrame) -> DataFrame:
    """What arrived behind the open version, which stands for all that was observed before."""
    staging = source.staging.table
    types = {c.name: c.type for c in staging.stored_columns}
    stand_in = open_versions.select(
        *[col(c.name) for c in source.table.observed_columns],
        *[lit(None).cast(c.type).alias(c.name) for c in LINEAGE],
        *[lit(None).cast(types[name]).alias(f"_newest_by_{name}") for name in source.write.newest_by],
        col("observed_at_last").alias(OBSERVED_AT.name),
        col("valid_from").alias(EFFECTIVE_AT.name),
    )
    both = stand_in.union_all(arrived)
    present_at = col(OBSERVED_AT.name)
    if listings is not None:  # the open version was there at the newest known snapshot
        present_at = greatest(present_at, lit(listings.newest_known))
    return both.select("*", present_at.alias(PRESENT_AT))


def _in_keys(source: _Source, frame: DataFrame, keys: DataFrame) -> DataFrame:
    return frame.filter(in_([col(name) for name in source.table.business_key], keys))
