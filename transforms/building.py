"""Building one table: read what is new, widen it to whole groups, build, write, record.

An incremental build reads the batches of its inputs that the table has not consumed (OPS.CONSUMPTIONS) and widens them
to the groups of `widen_by` that they touch, so the frame is the whole truth for those groups. Staging takes the new
rows as candidates instead; what a history reads is in history_reading.py. A first build, changed parameters or a
changed contract read everything.
"""

from __future__ import annotations

import json
import time
import uuid
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import TYPE_CHECKING, Any

from snowflake.snowpark.exceptions import SnowparkSQLException
from snowflake.snowpark.functions import col, count, iff, lit

from transforms import changes, writers
from transforms.batches import Committed, State, current_database, read_state, stored
from transforms.catalog import models, watched_columns
from transforms.contract import ContractError, History, Layer
from transforms.history_reading import history_reading
from transforms.known_schemas import known_schemas
from transforms.ledgers import append_rows, transaction
from transforms.ops import BUILDS, HEADS, LEDGERS, RECONCILIATION
from transforms.reading import Reading, Request, choose_reading
from transforms.reconciliation import Account, account_frames, account_of, side_frame
from transforms.writers import BuildConflictError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snowflake.snowpark import DataFrame, Session

    from transforms.batches import States
    from transforms.catalog import Model
    from transforms.contract import Table

INCREMENTAL, FULL_REFRESH, BACKFILL = "incremental", "full_refresh", "backfill"
_TRIES, _PAUSE_SECONDS = 12, 0.25
_MODES = (INCREMENTAL, FULL_REFRESH, BACKFILL)


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


def build_table(
    session: Session,
    name: str,
    *,
    run_id: str,
    mode: str = INCREMENTAL,
    parameters: Mapping[str, Any],
    window: tuple[datetime, datetime] | None = None,
    states: States | None = None,
) -> BuildResult:
    """Build one table and write what changed, with its ledger rows, in one transaction.

    Args:
        session: Where the tables are; its database is the warehouse's.
        name: The table.
        run_id: The run that OPS.BUILDS names.
        mode: incremental: what is new; full_refresh: everything; backfill: staging reads the raw rows of `window`
            and other tables what is new to them.
        parameters: Values for the builds' keyword parameters; a table takes those that it names.
        window: For a backfill: `[from, to)` of `_snapshot_at`.
        states: The states of the run's tables, from `read_states`, which the build brings up to date; None: the
            table's state is read.

    Raises:
        ContractError: The table, a parameter or the built frame is not as declared.
        BuildConflictError: Another build of the table was committed meanwhile; nothing was written.
    """
    started = time.monotonic()
    model = _buildable(name, mode, window)
    chosen = _chosen_parameters(model, parameters)
    described = json.dumps({key: str(value) for key, value in sorted(chosen.items())})
    if session.sql_simplifier_enabled:  # it describes every frame once more before it is used
        session.sql_simplifier_enabled = False  # type: ignore[misc]
    with known_schemas(session):
        state = _current_state(session, model, states)
        built_with = (described, writers.contract_hash(model.table))
        is_changed = state.build_id is None or (state.parameters, state.contract_hash) != built_with
        request = Request(mode, window, is_changed)
        build = Build(model.table, uuid.uuid4().hex, run_id, mode, described, started, state, states)
        with _opened(session, model, state, request, chosen) as reading:
            if reading is None:
                return BuildResult(name, mode, None, seconds=build.seconds, skipped=True)
            return write_built(session, build, reading, _built_frame(session, model, reading, chosen))


def has_nothing_new(name: str, states: States, parameters: Mapping[str, Any], mode: str = INCREMENTAL) -> bool:
    """Whether a build of the table would be skipped, by what is known of its state; no statement is made."""
    model = _buildable(name, mode, None) if mode != BACKFILL else models()[name]
    state = states.of(name)
    if mode != INCREMENTAL or state is None or state.build_id is None or state.pending_count:
        return False
    chosen = _chosen_parameters(model, parameters)
    described = json.dumps({key: str(value) for key, value in sorted(chosen.items())})
    return (state.parameters, state.contract_hash) == (described, writers.contract_hash(model.table))


def _current_state(session: Session, model: Model, states: States | None) -> State:
    name = model.table.name
    state = states.of(name) if states else None
    if state is None:
        state = read_state(session, model, {one: models()[one].table for one in model.inputs})
        if states:
            states.keep(name, state)
    return state


def _opened(
    session: Session, model: Model, state: State, request: Request, chosen: Mapping[str, Any]
) -> AbstractContextManager[Reading | None]:
    if isinstance(model.table.write, History):
        return history_reading(session, model, state, request, chosen)
    return nullcontext(choose_reading(session, model, state, request))


def prepare_tables(session: Session) -> None:
    """Create the tables that are missing and add the columns that they lack; the schemas exist.

    A column that a contract no longer has stays with its values; rows written from now on have NULL in it.
    """
    database = current_database(session)
    tables = [*LEDGERS, *[model.table for model in models().values()]]
    present = _present_columns(session, database)
    for table in tables:
        have = present.get((str(table.layer), table.name.upper()))
        if have is None:
            writers.create_table(session, table)
        elif not _fits(table, have):
            writers.reshape(session, table, have)
    _prepare_heads(session)


def _present_columns(session: Session, database: str) -> dict[tuple[str, str], dict[str, bool]]:
    """Per table its columns, and whether each may be NULL."""
    columns = session.table(f"{database}.INFORMATION_SCHEMA.COLUMNS").filter(
        col("table_schema").in_(*[lit(str(layer)) for layer in Layer])
    )
    present: dict[tuple[str, str], dict[str, bool]] = {}
    chosen = columns.select("table_schema", "table_name", "column_name", "is_nullable")
    for schema, table, column, is_nullable in chosen.collect():
        present.setdefault((schema, table), {})[column] = is_nullable == "YES"
    return present


def _fits(table: Table, present: Mapping[str, bool]) -> bool:
    """Whether rows of the contract can be stored: no column is absent, and no other one must have a value."""
    names = {column.name.upper() for column in table.stored_columns}
    return names <= set(present) and all(present[name] for name in set(present) - names)


def _prepare_heads(session: Session) -> None:
    buildable = {name for name, model in models().items() if model.build}
    known = {row[0] for row in stored(session, HEADS).select("table_name").collect()}
    append_rows(session, HEADS, [(name, None, None, None) for name in sorted(buildable - known)])


def _buildable(name: str, mode: str, window: tuple[datetime, datetime] | None) -> Model:
    model = models().get(name)
    if model is None or model.build is None:
        raise ContractError(f"{name}: is not a table that is built; snowcast build --help lists the selectors")
    if mode not in _MODES:
        raise ContractError(f"{name}: unknown mode {mode!r}; expected one of {', '.join(_MODES)}")
    if mode == BACKFILL and (window is None or window[0] >= window[1]):
        raise ContractError(f"{name}: a backfill needs a window [from, to) with from before to; found {window}")
    return model


def _chosen_parameters(model: Model, parameters: Mapping[str, Any]) -> dict[str, Any]:
    missing = [key for key in model.parameters if key not in parameters and key != "session"]
    if missing:
        raise ContractError(f"{model.table.name}: build needs the parameters {missing}; given: {sorted(parameters)}")
    return {key: parameters[key] for key in model.parameters if key != "session"}


def _built_frame(session: Session, model: Model, reading: Reading, chosen: Mapping[str, Any]) -> DataFrame:
    if reading.built is not None:
        return reading.built
    if model.build is None:
        raise ContractError(f"{model.table.name}: is not built")
    given = {**chosen, "session": session} if "session" in model.parameters else chosen
    frame = model.build(*[reading.inputs[name] for name in model.inputs], **given)
    if reading.is_accumulated and model.accumulate is not None:
        stored_rows = reading.current.select(*[col(name) for name in model.table.column_names])
        return model.accumulate(stored_rows, frame)
    return frame


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


def write_built(session: Session, build: Build, reading: Reading, frame: DataFrame) -> BuildResult:
    """Compare, then change the table and its ledgers in one transaction.

    Raises:
        ContractError: The frame or the account of its loads is not as declared; nothing was written.
        BuildConflictError: Another build of the table was committed meanwhile; nothing was written.
    """
    table = build.table
    with known_schemas(session):
        comparison = changes.Comparison(reading.is_whole_truth, watched_columns(table))
        difference = changes.compare(table, frame, reading.current, comparison)
        if table.layer is not Layer.STAGING:
            difference = difference.filter(col("action") != lit(changes.SAME))
        if reading.rejected is not None:
            difference = changes.with_rejected(table, difference, reading.rejected)
        with writers.kept_for_now(session, difference, "compared") as compared:
            found = _checked_counts(session, table, reading, compared)
            try:
                with transaction(session):
                    refused = _commit_changes(session, build, reading, compared, found)
            except (ContractError, SnowparkSQLException, BuildConflictError) as error:
                if build.states:
                    build.states.forget(table.name)
                if not isinstance(error, BuildConflictError) and _is_overtaken(session, build, error):
                    raise BuildConflictError(writers.overtaken(table)) from error
                raise
    _record(build, reading, found)
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


def _is_overtaken(session: Session, build: Build, error: Exception) -> bool:
    """Whether another build of the table is why a statement of this one failed.

    A warehouse that does not wait for a lock (the embedded one) says no while the other build still writes: it is
    given the time to commit.
    """
    tries = _TRIES if isinstance(error, SnowparkSQLException) else 1
    for number in range(tries):
        if number:
            time.sleep(_PAUSE_SECONDS)
        if writers.is_overtaken(session, build.table, build.seen):
            return True
    return False


def _commit_changes(session: Session, build: Build, reading: Reading, compared: DataFrame, found: _Found) -> int:
    """Write everything; returns how many records were newly refused."""
    table, build_id, now = build.table, build.build_id, datetime.now(UTC).replace(tzinfo=None)
    if found.written != writers.Written():
        writers.merge_changes(session, table, compared, build_id, found.written)
        if isinstance(table.write, History):
            writers.check_versions(session, table, compared)
    if found.displaced:
        writers.keep_displaced(session, table, compared, build_id)
    refused = 0
    if found.rejected:
        raw = _raw_of(session, table) if isinstance(table.write, History) else None
        refused = writers.quarantine(session, table, compared, now, raw)
    if found.account.changes:
        writers.append_new(session, RECONCILIATION, found.account.rows(table, build_id, now))
    if reading.consumes:
        writers.record_consumption(session, table, build.seen.pending, build_id)
    counts = (found.written.inserted, found.written.updated, found.written.deleted)
    row = (build_id, build.run_id, table.name, build.mode, *counts, build.seconds, now)
    writers.append_new(session, BUILDS, [row])
    writers.claim_head(session, table, build.seen, build_id, build.parameters)
    return refused


def _record(build: Build, reading: Reading, found: _Found) -> None:
    """Let the run's states know of a build that is committed."""
    if not build.states:
        return
    written = found.written
    build.states.record(
        Committed(
            table=build.table,
            head=State(build.build_id, build.parameters, writers.contract_hash(build.table)),
            consumed=build.seen.pending if reading.consumes else {},
            wrote_rows=written != writers.Written(),
            displaced_rows=bool(written.updated or written.deleted),
            refused_records=any(row[2] > 0 for row in found.account.changes.values()),
        )
    )


def _raw_of(session: Session, table: Table) -> DataFrame:
    """The raw table behind a history, which has the records that it refuses."""
    (staging,) = models()[table.name].inputs
    (raw,) = models()[staging].inputs
    return stored(session, models()[raw].table)


@dataclass(frozen=True)
class _Found:
    written: writers.Written
    rejected: int
    displaced: int
    account: Account


def _checked_counts(session: Session, table: Table, reading: Reading, compared: DataFrame) -> _Found:
    """How many rows the comparison found for each action, and in staging the account of the loads; one statement.

    Raises:
        ContractError: A key is NULL or repeated, or a load's records do not add up.
    """
    has_null_key = reduce(lambda left, right: left | right, [col(f"new_{name}").is_null() for name in table.key])
    is_bad_key = (changes.is_written() & has_null_key) | (col("action") == lit(changes.REPEATED))
    per_action = compared.group_by("action").agg(
        count(lit(1)).alias("row_count"),
        count(iff(is_bad_key, lit(1), lit(None))).alias("bad_count"),
        count(col("row_before")).alias("displaced_count"),
    )
    frames = [side_frame("action", per_action, "action", "row_count", "bad_count", "displaced_count")]
    if table.layer is Layer.STAGING:
        frames += account_frames(session, table, reading, compared)
    rows = [tuple(row) for row in reduce(lambda left, right: left.union_all(right), frames).collect()]
    counts = {row[1]: (row[2], row[3], row[4]) for row in rows if row[0] == "action"}
    bad = _total(counts, 1)
    if bad:
        example = compared.filter(is_bad_key).select(*[col(f"new_{name}") for name in table.key]).limit(1).collect()[0]
        raise ContractError(
            f"{table.name}: {bad} of {_total(counts, 0)} rows have a NULL or repeated key "
            f"({', '.join(table.key)}; first {tuple(example)}). A MERGE cannot choose between them. "
            f"Likely a join in build() that multiplies rows; nothing was written."
        )
    of = {action: counts.get(action, (0, 0, 0))[0] for action in (*changes.WRITTEN, changes.REJECTED)}
    written = writers.Written(of[changes.INSERT], of[changes.UPDATE], of[changes.DELETE])
    account = account_of(table, [row for row in rows if row[0] != "action"])
    return _Found(written, of[changes.REJECTED], _total(counts, 2), account)


def _total(counts: Mapping[str, tuple[int, int, int]], position: int) -> int:
    return sum(values[position] for values in counts.values())
