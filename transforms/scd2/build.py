"""What a build of a history reads: of keys whose observations came in order what is new, of others all there is.

A key in order is computed from its open version, which stands for everything that was seen before, and from what
arrived (the fast path). A key with a late observation is computed from all its staged rows. Keys that a new complete
delivery lacks are computed too. A history can be rewound: what was learned after a time is taken back, and the next
build learns it again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from snowflake.snowpark.functions import col, concat, greatest, iff, lit

from transforms.catalog import Model, models
from transforms.contract import EFFECTIVE_AT, LINEAGE, OBSERVED_AT, TEXT, ContractError
from transforms.engine import merge
from transforms.engine.batches import read_state
from transforms.engine.incremental import MOST_BATCHES, BuildRequest, Computed
from transforms.engine.states import State
from transforms.engine.write import Build, BuildResult, new_build_id, write_built
from transforms.formulas.frames import null_of, union_all
from transforms.functions import DataFrame, Session
from transforms.scd2.presence import (
    PRESENT_AT,
    FullSnapshots,
    presence_intervals,
    read_full_snapshots,
    read_snapshot_times,
)
from transforms.scd2.scope import IS_LATE_ARRIVING, HistorySource, find_affected_keys, find_source
from transforms.scd2.versions import build_versions, check_versions
from transforms.write_kinds import History

REWIND = "rewind"


@contextmanager
def compute_history(
    session: Session, model: Model, state: State, request: BuildRequest, parameters: Mapping[str, Any]
) -> Iterator[Computed | None]:
    """Compute the versions that come of what is new; None where nothing is.

    Args:
        session: Where the tables are.
        model: A history.
        state: What it was built with, and what it has not consumed.
        request: What is asked.
        parameters: Of its `build`.
    """
    source = find_source(session, model, state, parameters)
    reads_all = request.mode == "full_refresh" or request.is_changed
    if not reads_all and not state.pending_count:
        yield None
        return
    # The ids of the batches stand in the statement, which must not grow without end.
    reads_all = reads_all or state.pending_count > MOST_BATCHES
    full_snapshots = None
    if source.counts_absence and not reads_all:
        full_snapshots = read_full_snapshots(session, source.staging.name, model.table.name, source.new_ids)
        reads_all = not full_snapshots.is_in_order
    if reads_all:
        yield _everything(source)
        return
    with merge.materialize(session, find_affected_keys(source, full_snapshots, state), "affected") as affected:
        yield _of_affected(source, full_snapshots, affected)


def rewind(
    session: Session, name: str, until: datetime, *, run_id: str = REWIND, parameters: Mapping[str, Any] | None = None
) -> BuildResult:
    """Make a history what the observations until a time make it.

    The table's head keeps the time, so that the next regular build finds other parameters and reads everything again.

    Args:
        session: Where the tables are.
        name: A history.
        until: The newest time of observation that counts, UTC.
        run_id: The run that OPS.BUILDS names.
        parameters: Values for keyword parameters of its `build`.

    Raises:
        ContractError: The table is no history.
        BuildConflictError: A build of the table was committed meanwhile; nothing was written.
    """
    started = time.monotonic()
    model = models().get(name)
    if model is None or not isinstance(model.table.write, History):
        known = sorted(other for other, found in models().items() if isinstance(found.table.write, History))
        raise ContractError(f"{name}: only a history can be rewound; histories are {', '.join(known)}")
    state = read_state(session, model, {input_name: models()[input_name].table for input_name in model.inputs})
    described = json.dumps({"rewound_to": until.isoformat()})
    build = Build(model.table, new_build_id(), run_id, REWIND, described, started, state)
    return write_built(session, build, compute_history_as_of(session, model, state, parameters or {}, until))


def compute_history_as_of(
    session: Session, model: Model, state: State, parameters: Mapping[str, Any], until: datetime
) -> Computed:
    """Compute a history as the observations until a time make it, inclusive; nothing counts as consumed."""
    source = find_source(session, model, state, parameters)
    return replace(_everything(source, until), consumes=False)


def _everything(source: HistorySource, until: datetime | None = None) -> Computed:
    """Compute all versions of all keys, of what was observed until then where that is given."""
    observed = source.observe(source.read_staged())
    snapshots = None
    if source.counts_absence:
        observed = observed.union_all(source.read_refused())
        snapshots = read_snapshot_times(source.session, source.staging.name)
    if until is not None:
        observed = observed.filter(col(OBSERVED_AT.name) <= lit(until))
        snapshots = None if snapshots is None else snapshots.filter(col("snapshot_at") <= lit(until))
    usable = observed.filter(source.is_usable()).select("*", col(OBSERVED_AT.name).alias(PRESENT_AT))
    rejected = source.observe(source.read_staged()) if until is None else None
    current = source.read_versions()
    return Computed(
        _versions(source, usable, snapshots),
        current,
        is_whole_truth=True,
        rejected=_reject(source, rejected),
        check=check_versions,
    )


def _versions(source: HistorySource, observations: DataFrame, snapshots: DataFrame | None) -> DataFrame:
    if snapshots is None:
        return build_versions(source.table, observations)
    presences = observations.select(*source.table.business_key, PRESENT_AT, EFFECTIVE_AT.name)
    return build_versions(source.table, observations, presence_intervals(source.table, presences, snapshots))


def _reject(source: HistorySource, observed: DataFrame | None) -> DataFrame | None:
    """Return observations that no version can rest on, with their rule; None where contracts rule them out."""
    needed = {name: col(name) for name in source.table.business_key}
    if source.has_own_time:
        needed[source.write.effective_at] = col(EFFECTIVE_AT.name)
    nullable = [name for name in needed if source.staging.column(name).nullable]
    if observed is None or not nullable:
        return None
    rule = null_of(TEXT)
    for name in reversed(nullable):
        rule = iff(needed[name].is_null(), lit(f"{name}_missing"), rule)
    lineage = [column.name for column in LINEAGE]
    broken = observed.select(*lineage, rule.alias("_rule")).filter(col("_rule").is_not_null())
    why = concat(col("_rule"), lit(f": no version of {source.table.name} can be made of the record without it"))
    return broken.select("*", why.alias("_reason"))


def _of_affected(source: HistorySource, full_snapshots: FullSnapshots | None, affected: DataFrame) -> Computed:
    """Compute the affected keys: late ones from all there is, others from what continues the open version."""
    counts = {row[0]: row[1] for row in affected.group_by(IS_LATE_ARRIVING).count().collect()}
    late = affected.filter(col(IS_LATE_ARRIVING) == lit(1)).select(*source.table.business_key)
    in_order = affected.filter(col(IS_LATE_ARRIVING) == lit(0)).select(*source.table.business_key)
    observations, current = [], []
    if counts.get(0) or not counts:
        open_versions = source.of_keys(source.read_versions().filter(col("is_current")), in_order)
        arrived = source.read_arrived(full_snapshots)
        arrived = source.of_keys(arrived, in_order) if counts.get(1) else arrived
        observations.append(_continuing(source, full_snapshots, open_versions, arrived))
        current.append(open_versions)
    if counts.get(1):
        observed = source.observe([source.of_keys(staged, late) for staged in source.read_staged()])
        if full_snapshots is not None and full_snapshots.refused_count:
            observed = observed.union_all(source.of_keys(source.read_refused(), late))
        usable = observed.filter(source.is_usable())
        observations.append(usable.select("*", col(OBSERVED_AT.name).alias(PRESENT_AT)))
        current.append(source.of_keys(source.read_versions(), late))
    built = _versions(source, union_all(observations), None if full_snapshots is None else full_snapshots.frame)
    return Computed(
        built,
        union_all(current),
        is_whole_truth=True,
        rejected=_reject(source, source.observe(source.read_newly_staged())),
        check=check_versions,
    )


def _continuing(
    source: HistorySource, full_snapshots: FullSnapshots | None, open_versions: DataFrame, arrived: DataFrame
) -> DataFrame:
    """Return what arrived behind the open version, which stands for all that was observed before."""
    types = {c.name: c.type for c in source.staging.stored_columns}
    # It has no lineage and no order of its own, so whatever arrived at the same time wins against it.
    stand_in = open_versions.select(
        *[col(c.name) for c in source.table.observed_columns],
        *[null_of(c.type).alias(c.name) for c in LINEAGE],
        *[null_of(types[name]).alias(f"_newest_by_{name}") for name in source.write.newest_by],
        col("observed_at_last").alias(OBSERVED_AT.name),
        col("valid_from").alias(EFFECTIVE_AT.name),
    )
    both = stand_in.union_all(arrived)
    present_at = col(OBSERVED_AT.name)
    if full_snapshots is not None:  # the open version was there at the newest known snapshot
        present_at = greatest(present_at, lit(full_snapshots.newest_known))
    return both.select("*", present_at.alias(PRESENT_AT))
