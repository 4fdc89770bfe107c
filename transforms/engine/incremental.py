"""What a build reads (everything, what has arrived, or that widened to whole groups), and the rows that come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from snowflake.snowpark.functions import col, in_, lit

from transforms.catalog import Model, models
from transforms.contract import ContractError, Layer, Table
from transforms.engine.batches import in_batches
from transforms.engine.closure import Following, follow
from transforms.engine.parts import Change, read_parts
from transforms.engine.states import State
from transforms.engine.stored import read_table
from transforms.formulas.frames import union_all
from transforms.functions import DataFrame, Session
from transforms.ops import DISPLACED
from transforms.write_kinds import Parts, Replace

MOST_BATCHES = 1000  # with more to read than this, reading everything is the shorter statement


@dataclass(frozen=True)
class BuildRequest:
    """What is asked of a build.

    Args:
        mode: incremental, full_refresh or backfill.
        window: For a backfill: `[from, to)` of `_snapshot_at`.
        is_changed: The table was last built with other parameters or other columns, or never.
    """

    mode: str
    window: tuple[datetime, datetime] | None
    is_changed: bool


@dataclass(frozen=True)
class BuildInput:
    """What a build reads.

    Args:
        inputs: Every input as the frame that `build` gets.
        current: The stored rows that the result speaks for.
        is_whole_truth: The result is all there is of them; False: it offers candidates (staging).
        is_combined: The result is added to `current` by the table's `combine`.
        loads: For staging: the loads that are read, where they are known; None: all that the frame holds.
        consumes: The batches that were read count as consumed.
        is_all_stored: `current` is the whole table.
    """

    inputs: Mapping[str, DataFrame]
    current: DataFrame
    is_whole_truth: bool
    is_combined: bool = False
    loads: tuple[str, ...] | None = None
    consumes: bool = True
    is_all_stored: bool = False


@dataclass(frozen=True)
class Computed:
    """The rows that a build gives, and what they are held against.

    Every kind of build (here, in continue_groups.py, in scd2/build.py) gives this, and write.py takes no other.

    Args:
        frame: The rows.
        current: The stored rows that they speak for.
        is_whole_truth: They are all there is of those; False: they are candidates (staging).
        raw: For staging: the raw rows that were read.
        loads: For staging: the loads that were read, where they are known; None: all that `raw` holds.
        consumes: The batches that were read count as consumed.
        rejected: For a history: rows of the input that no version can rest on, with the rule that they break.
        check: Looks, inside the transaction, at what was written of a comparison, and refuses what is wrong.
        following: For rows that lead on to each other: how far they were followed.
        is_all_stored: `current` is the whole table: a key that it does not have is nowhere.
        kept_as: What the rows are computed from is kept for these purposes (`materialize`), about as many rows.
    """

    frame: DataFrame
    current: DataFrame
    is_whole_truth: bool
    raw: DataFrame | None = None
    loads: tuple[str, ...] | None = None
    consumes: bool = True
    rejected: DataFrame | None = None
    check: Callable[[Session, Table, DataFrame], None] | None = None
    following: Following | None = None
    is_all_stored: bool = False
    kept_as: tuple[str, ...] = ()

    def is_at_end(self, row_count: int, open_count: int) -> bool:
        """Return whether the rows are what the table is to have: none leads on, of so many that were followed."""
        return self.following is None or self.following.is_at_end(row_count, open_count)

    def follow_further(self) -> Computed:
        """Return the same with its rows followed on; they were not at their ends."""
        if self.following is None:
            return self
        following = self.following.further()
        return replace(self, frame=following.rows(), following=following)


@contextmanager
def compute_merge(
    session: Session, model: Model, state: State, request: BuildRequest, parameters: Mapping[str, Any]
) -> Iterator[Computed | None]:
    """Compute a table from its inputs alone; None where nothing is new.

    Args:
        session: Where the tables are.
        model: A table that is neither a history nor continued.
        state: What it was built with, and what it has not consumed.
        request: What is asked.
        parameters: Of its `build`.
    """
    chosen = choose_input(session, model, state, request)
    yield None if chosen is None else compute_from(session, model, chosen, parameters)


def compute_from(session: Session, model: Model, chosen: BuildInput, parameters: Mapping[str, Any]) -> Computed:
    """Give the table's `build` what was chosen."""
    if model.build is None:
        raise ContractError(f"{model.table.name}: is not built")
    given = {**parameters, "session": session} if "session" in model.parameters else parameters
    frame = model.build(*[chosen.inputs[name] for name in model.inputs], **given)
    following = None if model.closure is None else follow(session, frame, model.closure, given)
    if following is not None:
        frame = following.rows()
    if chosen.is_combined and model.combine is not None:
        names = [col(name) for name in model.table.column_names]
        frame = model.combine(chosen.current.select(*names).union_all(frame.select(*names)))
    raw = next(iter(chosen.inputs.values())) if model.table.layer is Layer.STAGING else None
    return Computed(
        frame,
        chosen.current,
        chosen.is_whole_truth,
        raw,
        chosen.loads,
        chosen.consumes,
        following=following,
        is_all_stored=chosen.is_all_stored,
    )


def choose_input(session: Session, model: Model, state: State, request: BuildRequest) -> BuildInput | None:
    """Choose what to read; None where nothing is new."""
    inputs = {name: read_table(session, models()[name].table) for name in model.inputs}
    current = read_table(session, model.table)
    from_raw = model.table.layer is Layer.STAGING
    if request.mode == "backfill" and from_raw and request.window is not None:
        begin, end = request.window
        is_within = (col("_snapshot_at") >= lit(begin)) & (col("_snapshot_at") < lit(end))
        chosen = {name: frame.filter(is_within) for name, frame in inputs.items()}
        return BuildInput(chosen, current, is_whole_truth=False, consumes=False, is_all_stored=True)
    if is_up_to_date(state, request):
        return None
    if reads_everything(model, state, request):
        return BuildInput(inputs, current, is_whole_truth=True, is_all_stored=True)
    arrived = {
        name: frame.filter(in_batches(models()[name].table, state.pending[name].ids)) for name, frame in inputs.items()
    }
    if from_raw:
        (batches,) = state.pending.values()
        return BuildInput(arrived, current, is_whole_truth=False, loads=batches.ids, is_all_stored=True)
    return _widen(session, model, inputs, arrived, current, state)


def is_up_to_date(state: State, request: BuildRequest) -> bool:
    """Return whether nothing is new, and nothing is asked that would change what is built from the same."""
    return request.mode != "full_refresh" and not request.is_changed and not state.pending_count


def reads_everything(model: Model, state: State, request: BuildRequest) -> bool:
    """Return whether all rows of all inputs are read, whatever is new."""
    is_asked = request.mode == "full_refresh" or request.is_changed
    return is_asked or isinstance(model.table.write, Replace) or state.pending_count > MOST_BATCHES


def _widen(
    session: Session,
    model: Model,
    inputs: Mapping[str, DataFrame],
    arrived: Mapping[str, DataFrame],
    current: DataFrame,
    state: State,
) -> BuildInput:
    """Return every input's rows of the groups that unconsumed rows are in or have left."""
    table = model.table
    if model.parts is not None:
        return BuildInput(*_of_parts(session, model, model.parts, inputs, current, state), is_whole_truth=True)
    touched = _find_touched(session, model, arrived, state)
    in_scope = _in_groups(table, current, touched)
    # Rows that were changed or deleted cannot be taken out of a sum again: then the group is built from all its rows.
    only_inserts = not any(batches.moving for batches in state.pending.values())
    if model.combine is not None and only_inserts:
        return BuildInput(arrived, in_scope, is_whole_truth=True, is_combined=True)
    return BuildInput(
        {name: _in_groups(table, frame, touched) for name, frame in inputs.items()}, in_scope, is_whole_truth=True
    )


def _find_touched(session: Session, model: Model, arrived: Mapping[str, DataFrame], state: State) -> DataFrame:
    table = model.table
    groups = [_groups(model, name, frame) for name, frame in arrived.items() if state.pending[name].ids]
    groups += find_moved_groups(session, table, state)
    return union_all(groups).distinct()


def _groups(model: Model, name: str, arrived: DataFrame) -> DataFrame:
    """Return the groups of those new rows of an input that can give something."""
    mattering = arrived.filter(model.matters[name]()) if name in model.matters else arrived
    return mattering.select(*model.table.recompute_by)


def _of_parts(
    session: Session, model: Model, parts: Parts, inputs: Mapping[str, DataFrame], current: DataFrame, state: State
) -> tuple[dict[str, DataFrame], DataFrame]:
    """Return every input's rows, and the stored ones, of the parts of groups that unconsumed rows touch."""
    tables = {name: models()[name].table for name in inputs}

    def find_arrived(name: str, ids: Sequence[str]) -> DataFrame:
        return _groups(model, name, inputs[name].filter(in_batches(tables[name], ids)))

    def find_left(name: str) -> list[DataFrame]:
        return find_moved_groups(session, model.table, replace(state, pending={name: state.pending[name]}))

    change = Change(model.table, state.pending, find_arrived, find_left)
    read, in_scope = read_parts(parts, inputs, tables, current, change)
    return {name: read[name] for name in inputs}, in_scope


def find_moved_groups(session: Session, table: Table, state: State) -> list[DataFrame]:
    """Return the groups that rows have left because unconsumed batches deleted or moved them: a frame per input."""
    groups = []
    for name, batches in state.pending.items():
        if batches.moving:
            left = read_table(session, DISPLACED).filter(
                (col("table_name") == lit(name)) & col("build_id").in_(*[lit(batch) for batch in batches.moving])
            )
            before = [
                col("row_before")[column].cast(table.column(column).type).alias(column) for column in table.recompute_by
            ]
            groups.append(left.select(*before))
    return groups


def _in_groups(table: Table, frame: DataFrame, touched: DataFrame) -> DataFrame:
    return frame.filter(in_([col(name) for name in table.recompute_by], touched))
