"""Ordered groups that are continued at their end: from their last rows and what arrived, not from all their rows.

A table that declares a `Continuation` numbers the rows of an input within partitions of a group. A group is in order
where each new row lies behind the stored end of its partition and behind everything that the group emits once; it is
built from its ends and the new rows. Every other group is late and built from all its rows. In doubt a group is late:
that costs a look at its rows and is never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from transforms.catalog import Model, models
from transforms.contract import INTEGER, TEXT, ContractError
from transforms.engine import merge
from transforms.engine.batches import in_batches
from transforms.engine.incremental import (
    BuildInput,
    BuildRequest,
    Computed,
    compute_from,
    find_moved_groups,
    is_up_to_date,
    reads_everything,
)
from transforms.engine.states import State
from transforms.engine.stored import read_table
from transforms.formulas.frames import are_known, have_same, null_of, union_all
from transforms.functions import (
    DataFrame,
    Expression,
    Session,
    Window,
    coalesce,
    col,
    iff,
    in_,
    lit,
    max,
    min,
    row_number,
)
from transforms.write_kinds import Continuation

_CHANGES = "changes"  # purpose of the table that they are kept in
NEW, END, TOUCHED = "new", "end", "touched"
_KIND, _IS_LATE = "_kind", "_is_late"


@contextmanager
def compute_continued(
    session: Session, model: Model, state: State, request: BuildRequest, parameters: Mapping[str, Any]
) -> Iterator[Computed | None]:
    """Compute a table with a continuation, of what `compute_merge` takes; None where nothing is new."""
    if is_up_to_date(state, request):
        yield None
        return
    inputs = {name: read_table(session, models()[name].table) for name in model.inputs}
    current = read_table(session, model.table)
    if reads_everything(model, state, request):
        yield compute_from(session, model, BuildInput(inputs, current, is_whole_truth=True), parameters)
        return
    changes = _mark_late(model, _collect_changes(session, model, state, inputs, current))
    with merge.materialize(session, changes, _CHANGES) as kept:
        yield _compute(model, state, inputs, current, kept, parameters)


def _compute(
    model: Model,
    state: State,
    inputs: Mapping[str, DataFrame],
    current: DataFrame,
    changes: DataFrame,
    parameters: Mapping[str, Any],
) -> Computed:
    """Compute late groups from all their rows, the others from their ends and what arrived."""
    continuation, group = _of(model), _columns(model.table.recompute_by)
    late = changes.filter(col(_IS_LATE) == lit(1)).select(*model.table.recompute_by).distinct()
    in_order = changes.filter(col(_IS_LATE) == lit(0))
    ends = in_order.filter(col(_KIND) == lit(END))
    behind = {name: _find_arrived(frame, name, state.pending[name].ids) for name, frame in inputs.items()}
    behind = {name: frame.filter(~in_(group, late)) for name, frame in behind.items()}
    behind[continuation.rows_of] = in_order.filter(col(_KIND) == lit(NEW))
    of_others = continuation.build(ends, inputs[continuation.rows_of], *behind.values(), **parameters)
    of_late = _build_of(model)(*[frame.filter(in_(group, late)) for frame in inputs.values()], **parameters)
    names = [column.name for column in model.table.columns]
    in_scope = current.filter(in_(group, late)).select(*names).union_all(ends.select(*names))
    return Computed(of_late.union_all(of_others), in_scope, is_whole_truth=True, kept_as=(_CHANGES,))


def _collect_changes(
    session: Session, model: Model, state: State, inputs: Mapping[str, DataFrame], current: DataFrame
) -> DataFrame:
    """Collect what arrived, a row for each group that is touched otherwise, and the ends of all these groups."""
    table, continuation = model.table, _of(model)
    group = table.recompute_by
    new = _new_rows(model, state, inputs, current)
    touched = [frame.select(*group, lit(1).alias(_IS_LATE)) for frame in find_moved_groups(session, table, state)]
    for name in [name for name in inputs if name != continuation.rows_of]:
        batches = state.pending[name]
        for ids, is_late in ((batches.moving, 1), (batches.ids, 0)):
            if ids:
                touched.append(_find_arrived(inputs[name], name, ids).select(*group, lit(is_late).alias(_IS_LATE)))
    is_named = are_known(group)  # NOT IN finds nothing beside a NULL
    touched = [frame.filter(is_named) for frame in touched]
    groups = union_all([frame.select(*group) for frame in (new, *touched)])
    is_end = col(continuation.next_column).is_null() & in_(_columns(group), groups.distinct())
    ends = current.filter(is_end).select("*", lit(0).alias(_IS_LATE))
    frames = [_shape(model, new, NEW, continuation.rows_of), _shape(model, ends, END, table.name)]
    frames += [_shape(model, frame, TOUCHED, None) for frame in touched]
    return union_all(frames)


def _new_rows(model: Model, state: State, inputs: Mapping[str, DataFrame], current: DataFrame) -> DataFrame:
    """Return the rows that arrived, in the columns of their table; late where one is stored, so was changed."""
    source, batches = models()[_of(model).rows_of].table, state.pending[_of(model).rows_of]
    names = [column.name for column in source.columns]
    plain = tuple(one for one in batches.ids if one not in batches.moving)
    new = _find_arrived(inputs[source.name], source.name, plain).select(*names, lit(0).alias(_IS_LATE))
    if not batches.moving:
        return new
    rewritten = _find_arrived(inputs[source.name], source.name, batches.moving).select(*names)
    known = current.select(*[col(name).alias(f"known_{name}") for name in source.key])
    is_same = have_same(source.key, "known_")
    is_late = iff(col(f"known_{source.key[0]}").is_null(), lit(0), lit(1)).alias(_IS_LATE)
    return new.union_all(rewritten.join(known, on=is_same, how="left").select(*names, is_late))


def _shape(model: Model, frame: DataFrame, kind: str, of: str | None) -> DataFrame:
    """Bring rows of a table, or groups alone, into one shape: the columns of the table and the input it numbers."""
    table, source = model.table, models()[_of(model).rows_of].table
    have = set(model.table.recompute_by if of is None else models()[of].table.column_names)
    types = {column.name: column.type for column in (*table.columns, *source.columns)}
    values = [col(name) if name in have else null_of(type_).alias(name) for name, type_ in types.items()]
    told = [lit(kind).cast(TEXT).alias(_KIND), col(_IS_LATE).cast(INTEGER).alias(_IS_LATE)]
    return frame.select(*values, *told)


def _mark_late(model: Model, changes: DataFrame) -> DataFrame:
    """Mark the rows by `_is_late`: 1 for every row of a group that has a row out of order."""
    continuation = _of(model)
    group, partition = model.table.recompute_by, (*model.table.recompute_by, *continuation.partition)
    is_end = (col(_KIND) == lit(END)).cast(INTEGER)
    in_order = Window.partition_by(*partition).order_by(*continuation.order, is_end)  # an equal row is behind the end
    per_group = Window.partition_by(*group)
    first = col(continuation.order[0])
    is_once = (col(_KIND) == lit(END)) & col(continuation.partition[0]).in_(*[lit(one) for one in continuation.once])
    names = [name for name in changes.columns if name.lower() != _IS_LATE]
    placed = changes.select(
        *names,
        col(_IS_LATE),
        row_number().over(in_order).alias("_place"),
        max(iff(is_once, first, lit(None))).over(per_group).alias("_emitted_last"),
        min(iff(col(_KIND) == lit(NEW), first, lit(None))).over(per_group).alias("_new_first"),
    )
    is_behind_end = (col(_KIND) == lit(END)) & (col("_place") > lit(1))
    is_behind_emitted = coalesce(col("_emitted_last") >= col("_new_first"), lit(False))
    is_late = (col(_IS_LATE) == lit(1)) | is_behind_end | is_behind_emitted
    of_group = max(iff(is_late, lit(1), lit(0))).over(per_group)
    return placed.select(*names, of_group.cast(INTEGER).alias(_IS_LATE))


def _columns(names: Sequence[str]) -> list[Expression | str]:
    return [col(name) for name in names]


def _find_arrived(frame: DataFrame, name: str, ids: Sequence[str]) -> DataFrame:
    return frame.filter(in_batches(models()[name].table, ids)) if ids else frame.filter(lit(False))


def _of(model: Model) -> Continuation:
    if model.continuation is None:
        raise ContractError(f"{model.table.name}: declares no Continuation")
    return model.continuation


def _build_of(model: Model) -> Callable[..., DataFrame]:
    if model.build is None:
        raise ContractError(f"{model.table.name}: is not built")
    return model.build
