"""Writing what a build gives: compared with what is stored, then changed with its ledger rows in one transaction."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import Any

from snowflake.snowpark.functions import col, count, iff, lit, max as greatest_of, min as smallest

from transforms.catalog import find_watched_columns, models
from transforms.contract import TEXT, ContractError, Layer, Table
from transforms.engine import compare, ledgers, merge
from transforms.engine.commit import committing
from transforms.engine.incremental import Computed
from transforms.engine.known_schemas import use_known_schemas
from transforms.engine.reconcile import Account, build_account_frames, shape_side, sum_account
from transforms.engine.states import Committed, State, States
from transforms.formulas.frames import null_of, union_all
from transforms.functions import DataFrame, Expression, Session
from transforms.ops import BUILDS, CONSUMPTIONS, RECONCILIATION

_COMPARED = "compared"  # purpose of the table that a comparison is kept in
_FOLLOWED = "followed"  # side of the counts: rows that lead on to each other, and how many still do


def new_build_id() -> str:
    """Return a name for a build: 32 hex digits that begin with the time.

    Rows of builds that follow each other lie together, so a reader of the newest build skips what is older by the
    least and greatest name of each part of the table.
    """
    return f"{time.time_ns():016x}{uuid.uuid4().hex[:16]}"


@dataclass(frozen=True)
class BuildResult:
    """What one build of one table did.

    Args:
        table_name: The table.
        mode: incremental, full_refresh or backfill.
        build_id: The build in OPS.BUILDS; None if it was skipped.
        rows_inserted: Rows inserted.
        rows_updated: Rows changed.
        rows_deleted: Rows deleted.
        rows_quarantined: Records newly refused (staging).
        rows_superseded: Records that newly lost to another of their key (staging).
        seconds: Duration.
        skipped: Nothing was new, so nothing was built.
    """

    table_name: str
    mode: str
    build_id: str | None
    rows_inserted: int = 0
    rows_updated: int = 0
    rows_deleted: int = 0
    rows_quarantined: int = 0
    rows_superseded: int = 0
    seconds: float = 0.0
    skipped: bool = False


@dataclass(frozen=True)
class Build:
    """One build under way.

    Args:
        table: What is built.
        build_id: Its row in OPS.BUILDS.
        run_id: The run that asked for it.
        mode: incremental, full_refresh, backfill or rewind.
        parameters: What it is built with, spelled; the next build with other ones reads everything.
        started: When, on the monotonic clock.
        seen: The table's state when the build began.
        states: The states of the run's tables, which are to know of the build once it is committed.
    """

    table: Table
    build_id: str
    run_id: str
    mode: str
    parameters: str
    started: float
    seen: State
    states: States | None = None

    @property
    def seconds(self) -> float:
        """How long the build has taken so far."""
        return time.monotonic() - self.started


def write_built(session: Session, build: Build, computed: Computed) -> BuildResult:
    """Compare, then change the table and its ledgers in one transaction.

    Raises:
        ContractError: The frame or the account of its loads is not as declared; nothing was written.
        BuildConflictError: Another build of the table was committed meanwhile; nothing was written.
    """
    table = build.table
    with use_known_schemas(session):
        compared, found = _compare(session, table, computed)
        with committing(session, table, build.seen, build.states) as last:
            refused = _write_changes(session, build, computed, compared, found)
            last += _write_ledgers(session, build, computed, found)
    _record(build, computed, found)
    merge.drop_large(session, (_COMPARED, *computed.kept_as), found.rows)  # DDL would end a transaction
    written = found.written
    return BuildResult(
        table.name,
        build.mode,
        build.build_id,
        written.inserted,
        written.updated,
        written.deleted,
        found.account.rows_quarantined if table.layer is Layer.STAGING else refused,
        found.account.rows_superseded,
        build.seconds,
    )


def _compare(session: Session, table: Table, computed: Computed) -> tuple[DataFrame, ActionCounts]:
    """Keep what is to be written of a table, and count it; rows that lead on are followed to their ends."""
    comparison = compare.Comparison(computed.is_whole_truth, find_watched_columns(table))
    while True:
        difference = compare.compare(table, computed.frame, computed.current, comparison)
        if table.layer is not Layer.STAGING:  # the account of staging also counts rows that stay as they are
            difference = difference.filter(col("action") != lit(compare.SAME))
        if computed.rejected is not None:
            difference = compare.append_rejected(table, difference, computed.rejected)
        with merge.materialize(session, difference, _COMPARED) as compared:  # stays until the next comparison
            found = _check_counts(session, table, computed, compared)
        if found.is_at_end:
            return compared, found
        computed = computed.follow_further()


def write_no_rows(session: Session, build: Build) -> BuildResult:
    """Record a build that has no rows to write: of a view.

    Raises:
        BuildConflictError: Another build of the table was committed meanwhile.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    with committing(session, build.table, build.seen, build.states) as last:
        row = (build.build_id, build.run_id, build.table.name, build.mode, 0, 0, 0, build.seconds, now)
        last += ledgers.write_inserts(session, (BUILDS, [row]))
        last.append(merge.write_claim(session, build.table, build.seen, build.build_id, build.parameters))
    if build.states:
        head = State(build.build_id, build.parameters, merge.contract_hash(build.table))
        build.states.record(Committed(build.table, head, {}, False, False, False))
    return BuildResult(build.table.name, build.mode, build.build_id, seconds=build.seconds)


def _write_changes(session: Session, build: Build, computed: Computed, compared: DataFrame, found: ActionCounts) -> int:
    """Write the table and what is kept of refused and left rows; returns how many records were newly refused."""
    table, build_id = build.table, build.build_id
    if found.written != merge.WriteCounts():
        has_parts = table.name in models() and models()[table.name].parts is not None
        how = merge.Matching(found.between, is_all_compared=computed.is_all_stored, may_be_stored=has_parts)
        merge.merge_changes(session, table, compared, build_id, found.written, how)
        if computed.check is not None:
            computed.check(session, table, compared)
    if found.moved:
        merge.record_moved_groups(session, table, compared, build_id)
    refused = 0
    if found.rejected:
        refused = merge.quarantine(session, table, compared, datetime.now(UTC).replace(tzinfo=None))
    return refused


def _write_ledgers(session: Session, build: Build, computed: Computed, found: ActionCounts) -> list[str]:
    """Write what the build puts into the ledgers, and its claim of the table's head, as statements.

    They lie in the same transaction: a row that is stored and not accounted for cannot be.
    """
    table, build_id, now = build.table, build.build_id, datetime.now(UTC).replace(tzinfo=None)
    inserts = ledgers.write_inserts(
        session,
        (RECONCILIATION, found.account.rows(table, build_id, now)),
        (CONSUMPTIONS, _list_consumed(build) if computed.consumes else []),
        (BUILDS, [(build_id, build.run_id, table.name, build.mode, *astuple(found.written), build.seconds, now)]),
    )
    return [*inserts, merge.write_claim(session, table, build.seen, build_id, build.parameters)]


def _list_consumed(build: Build) -> list[tuple[str, str, str, str]]:
    """Return the rows that tell which batches the build has read."""
    return [
        (build.table.name, name, batch, build.build_id)
        for name, batches in build.seen.pending.items()
        for batch in batches.ids
    ]


def _record(build: Build, computed: Computed, found: ActionCounts) -> None:
    """Let the run's states know of a build that is committed."""
    if not build.states:
        return
    written = found.written
    build.states.record(
        Committed(
            table=build.table,
            head=State(build.build_id, build.parameters, merge.contract_hash(build.table)),
            consumed=build.seen.pending if computed.consumes else {},
            wrote_rows=written != merge.WriteCounts(),
            moved_rows=bool(written.updated or written.deleted),
            refused_records=any(row[2] > 0 for row in found.account.changes.values()),
        )
    )


@dataclass(frozen=True)
class ActionCounts:
    """How many rows a comparison found for each action, the account of the loads, and where the rows lie.

    Rows that lead on to each other may not be at their ends: then the comparison is not the table's yet.
    """

    rows: int
    written: merge.WriteCounts
    rejected: int
    moved: int
    account: Account
    between: tuple[Any, Any] | None = None
    is_at_end: bool = True


def _check_counts(session: Session, table: Table, computed: Computed, compared: DataFrame) -> ActionCounts:
    """Count the rows of each action, and in staging the account of the loads, in one statement.

    Raises:
        ContractError: A key is NULL or repeated, or a load's records do not add up.
    """
    has_null_key = reduce(lambda left, right: left | right, [col(f"new_{name}").is_null() for name in table.key])
    is_bad_key = (compare.is_written() & has_null_key) | (col("action") == lit(compare.REPEATED))
    frames = _count_frames(session, table, computed, compared, is_bad_key)
    rows = [tuple(row) for row in union_all(frames).collect()]
    counts = {row[1]: (row[2], row[3], row[4]) for row in rows if row[0] == "action"}
    bad = _total(counts, 1)
    if bad:
        example = compared.filter(is_bad_key).select(*[col(f"new_{name}") for name in table.key]).limit(1).collect()[0]
        raise ContractError(
            f"{table.name}: {bad} of {_total(counts, 0)} rows have a NULL or repeated key "
            f"({', '.join(table.key)}; first {tuple(example)}). A MERGE cannot choose between them. "
            f"Likely a join in build() that multiplies rows; nothing was written."
        )
    of = {action: counts.get(action, (0, 0, 0))[0] for action in (*compare.WRITTEN, compare.REJECTED)}
    updated = sum(of[action] for action in compare.UPDATES)
    written = merge.WriteCounts(of[compare.INSERT], updated, of[compare.DELETE])
    account = sum_account(table, [row[:6] for row in rows if row[0] not in ("action", _FOLLOWED)])
    places_written = [row[6:] for row in rows if row[0] == "action" and row[1] in compare.WRITTEN]
    is_at_end = all(computed.is_at_end(int(row[2]), int(row[3])) for row in rows if row[0] == _FOLLOWED)
    between, rejected, moved = _between(places_written), of[compare.REJECTED], _total(counts, 2)
    return ActionCounts(_total(counts, 0), written, rejected, moved, account, between, is_at_end)


def _count_frames(
    session: Session, table: Table, computed: Computed, compared: DataFrame, is_bad_key: Expression
) -> list[DataFrame]:
    """Build everything that is counted of a comparison, as frames of one shape (`shape_side`) with bounds of places."""
    least_place, greatest_place = compare.bounds(table)
    per_action = compared.group_by("action").agg(
        count(lit(1)).alias("row_count"),
        count(iff(is_bad_key, lit(1), lit(None))).alias("bad_count"),
        count(col("row_before")).alias("moved_count"),
        smallest(least_place).alias("low"),
        greatest_of(greatest_place).alias("high"),
    )
    places = ("low", "high")
    per_side = build_account_frames(session, table, computed, compared) if table.layer is Layer.STAGING else []
    if computed.following is not None:
        counted = computed.following.counts().select("*", lit(None).alias("name"))
        per_side.append(shape_side(_FOLLOWED, counted, "name", "row_count", "open_count"))
    kind = table.column(table.cluster_by).type if table.cluster_by else TEXT
    nowhere = [null_of(kind).alias(place) for place in places]
    return [
        shape_side("action", per_action, "action", "row_count", "bad_count", "moved_count", also=places),
        *[frame.select("*", *nowhere) for frame in per_side],
    ]


def _between(places: Sequence[tuple[Any, Any]]) -> tuple[Any, Any] | None:
    """Return the least and the greatest place of all; None where a place is not known."""
    if not places or any(place is None for pair in places for place in pair):
        return None
    return min(low for low, _ in places), max(high for _, high in places)


def _total(counts: Mapping[str, tuple[int, int, int]], position: int) -> int:
    return sum(values[position] for values in counts.values())
