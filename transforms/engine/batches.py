"""Which batches of its inputs a table has not consumed: the set difference of two ledgers.

The state of all tables of a run is read in one statement (`read_states`) and kept up to date in memory: a build that
was committed is known to the tables that read it. What others write meanwhile is seen by the next run; a table that
another build has overtaken is noticed when the head is claimed.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any

from snowflake.snowpark.functions import col, count, in_, lit

from transforms.contract import TEXT, Column, ContractError, HardDeletes, History, Layer
from transforms.engine.known_schemas import known_schemas
from transforms.engine.ledgers import build_frame
from transforms.engine.stored import current_database, read_table
from transforms.ops import BUILDS, CONSUMPTIONS, HEADS, LOADS, RECONCILIATION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from snowflake.snowpark import Column as Expression
    from snowflake.snowpark import DataFrame, Session

    from transforms.catalog import Model
    from transforms.contract import Table

__all__ = ["Batches", "State", "States", "current_database", "in_batches", "read_state", "read_states", "read_table"]

_LOAD, _BUILD, _BUILD_OR_REFUSAL = "load", "build", "build or refusal"
_READER = (
    Column("reader", TEXT, "table that reads"),
    Column("input_table", TEXT, "table that is read"),
    Column("counts", TEXT, "which batches of it matter"),
)
_FOUND = ("table_name", "input_table", "batch_id", "moved", "parameters", "contract_hash")


@dataclass(frozen=True)
class Batches:
    """Unconsumed batches of one input.

    Args:
        ids: Loads or builds.
        moving: Those of them that deleted or changed rows, so that rows have left groups.
    """

    ids: tuple[str, ...] = ()
    moving: tuple[str, ...] = ()


@dataclass(frozen=True)
class State:
    """What a table was last built with, and what it has not consumed since.

    Args:
        build_id: The newest build of the table; None before the first.
        parameters: Parameters of that build.
        contract_hash: Hash of the columns of that build.
        pending: Unconsumed batches by input.
    """

    build_id: str | None
    parameters: str | None
    contract_hash: str | None
    pending: Mapping[str, Batches] = field(default_factory=dict)

    @property
    def pending_count(self) -> int:
        """Unconsumed batches of all inputs."""
        return sum(len(batches.ids) for batches in self.pending.values())


@dataclass(frozen=True)
class Committed:
    """What a build that was committed means to the state of the tables.

    Args:
        table: What was built.
        head: The table's state from now on, without what it has not consumed.
        consumed: What it has consumed, by input.
        wrote_rows: It inserted, changed or deleted rows.
        moved_rows: It changed or deleted rows.
        refused_records: It refused records of the source.
    """

    table: Table
    head: State
    consumed: Mapping[str, Batches]
    wrote_rows: bool
    moved_rows: bool
    refused_records: bool


class States:
    """The states of tables, as they were read and as the builds of this process have changed them since.

    Builds of several threads may tell of themselves at the same time.
    """

    def __init__(self, models: Iterable[Model], states: Mapping[str, State]) -> None:
        self._models = {model.table.name: model for model in models}
        self._states = dict(states)
        self._lock = threading.Lock()

    def of(self, name: str) -> State | None:
        """Return the table's state; None where it must be read again."""
        with self._lock:
            return self._states.get(name)

    def forget(self, name: str) -> None:
        """Let the table's state be read again: somebody else has built it."""
        with self._lock:
            self._states.pop(name, None)

    def keep(self, name: str, state: State) -> None:
        """Take what was read again."""
        with self._lock:
            self._states[name] = state

    def record(self, committed: Committed) -> None:
        """Take a build into account: its table has consumed, and its readers have one more batch to read."""
        build_id, name = committed.head.build_id, committed.table.name
        if build_id is None:
            return
        with self._lock:
            if name in self._states:
                left = _without(self._states[name].pending, committed.consumed)
                head = committed.head
                self._states[name] = State(head.build_id, head.parameters, head.contract_hash, left)
            for reader in self._models.values():
                state = self._states.get(reader.table.name)
                if state and name in reader.inputs and _matters(reader.table, committed):
                    more = _with_build(state.pending.get(name, Batches()), build_id, committed)
                    pending = {**state.pending, name: more}
                    self._states[reader.table.name] = State(
                        state.build_id, state.parameters, state.contract_hash, pending
                    )


def read_states(session: Session, models: Iterable[Model]) -> States:
    """Read the heads and the unconsumed batches of all these tables, in one statement.

    Raises:
        ContractError: The ledgers do not know one of the tables.
    """
    built = [model for model in models if model.build is not None]
    return States(built, _read(session, {model.table.name: (model.table, model.inputs) for model in built}))


def read_state(session: Session, model: Model, inputs: Mapping[str, Table]) -> State:
    """Read one table's head and its unconsumed batches of these inputs.

    Raises:
        ContractError: The ledgers do not know the table.
    """
    return _read(session, {model.table.name: (model.table, tuple(inputs))}, inputs)[model.table.name]


def in_batches(table: Table, ids: Sequence[str]) -> Expression:
    """Return the condition that the row was written by one of these batches."""
    return col(table.batch_column).in_(*[lit(batch) for batch in ids])


def _read(
    session: Session,
    readers: Mapping[str, tuple[Table, Sequence[str]]],
    known: Mapping[str, Table] | None = None,
) -> dict[str, State]:
    heads: dict[str, tuple[Any, ...]] = {}
    pending: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    with known_schemas(session):
        for row in _states_frame(session, readers, known).collect():
            if row[1] is None:
                heads[row[0]] = tuple(row)
            else:
                pending[row[0]][row[1]].append(row)
    missing = sorted(set(readers) - set(heads))
    if missing:
        raise ContractError(f"{missing[0]}: OPS.HEADS has no row of it. Prepare the tables first.")
    states: dict[str, State] = {}
    for name, (_, inputs) in readers.items():
        _, _, build_id, _, parameters, contract_hash = heads[name]
        unread = {one: _batches(pending[name][one]) for one in inputs}
        states[name] = State(build_id, parameters, contract_hash, unread)
    return states


def _states_frame(
    session: Session, readers: Mapping[str, tuple[Table, Sequence[str]]], known: Mapping[str, Table] | None
) -> DataFrame:
    """Return one row per table: its head; behind them one per table and batch that it has not consumed."""
    names = [lit(name) for name in readers]
    untold = lit(None).cast(TEXT)
    heads = (
        read_table(session, HEADS)
        .filter(col("table_name").in_(*names))
        .select(
            col("table_name"),
            untold.alias("input_table"),
            col("build_id").alias("batch_id"),
            lit(0).alias("moved"),
            col("parameters"),
            col("contract_hash"),
        )
    )
    edges = [
        {"reader": name, "input_table": one, "counts": _counted(table, one, known)}
        for name, (table, inputs) in readers.items()
        for one in inputs
    ]
    if not edges:
        return heads
    unconsumed = _unconsumed(session, build_frame(session, edges, _READER), {edge["counts"] for edge in edges})
    return heads.union_all(unconsumed.select(*_FOUND[:4], untold.alias("parameters"), untold.alias("contract_hash")))


def _counted(reader: Table, name: str, known: Mapping[str, Table] | None) -> str:
    """Return which batches of the input matter: loads, builds that wrote rows, or also those that only refused."""
    from transforms.catalog import models

    table = known[name] if known is not None else models()[name].table
    if table.layer is Layer.RAW:
        return _LOAD
    return _BUILD_OR_REFUSAL if _counts_absence(reader) else _BUILD


def _counts_absence(reader: Table) -> bool:
    return isinstance(reader.write, History) and reader.write.hard_deletes is not HardDeletes.IGNORE


def _unconsumed(session: Session, edges: DataFrame, counted: set[str]) -> DataFrame:
    kinds = [_loads(session)] if _LOAD in counted else []
    if counted - {_LOAD}:
        kinds.append(_builds(session))
    if _BUILD_OR_REFUSAL in counted:
        kinds.append(_refusals(session))
    batches = reduce(lambda left, right: left.union_all(right), kinds)
    is_counted = (col("input_table") == col("of_table")) & (
        (col("counts") == col("kind")) | ((col("kind") == lit(_BUILD)) & (col("counts") == lit(_BUILD_OR_REFUSAL)))
    )
    read = edges.join(batches, on=is_counted, how="inner").select(
        col("reader").alias("table_name"), "input_table", "batch_id", "moved"
    )
    consumed = read_table(session, CONSUMPTIONS).select("table_name", "input_table", "batch_id")
    return read.filter(~in_([col(name) for name in _FOUND[:3]], consumed))


def _loads(session: Session) -> DataFrame:
    return read_table(session, LOADS).select(
        col("table_name").alias("of_table"),
        lit(_LOAD).alias("kind"),
        col("load_id").alias("batch_id"),
        lit(0).alias("moved"),
    )


def _builds(session: Session) -> DataFrame:
    """Return builds that wrote rows."""
    moved = col("rows_updated") + col("rows_deleted")
    return (
        read_table(session, BUILDS)
        .filter(moved + col("rows_inserted") > lit(0))
        .select(
            col("table_name").alias("of_table"),
            lit(_BUILD).alias("kind"),
            col("build_id").alias("batch_id"),
            moved.alias("moved"),
        )
    )


def _refusals(session: Session) -> DataFrame:
    """Return builds that only refused records, which say that their keys were there where absence counts."""
    builds = read_table(session, BUILDS).filter(
        col("rows_updated") + col("rows_deleted") + col("rows_inserted") == lit(0)
    )
    refused = read_table(session, RECONCILIATION).filter(col("quarantined_rows") > lit(0))
    per_build = refused.group_by(col("build_id").alias("refusing_id")).agg(count(lit(1)).alias("load_count"))
    return builds.join(per_build, on=col("build_id") == col("refusing_id"), how="inner").select(
        col("table_name").alias("of_table"),
        lit(_BUILD_OR_REFUSAL).alias("kind"),
        col("build_id").alias("batch_id"),
        lit(0).alias("moved"),
    )


def _batches(rows: Sequence[Sequence[Any]]) -> Batches:
    return Batches(ids=tuple(sorted(row[2] for row in rows)), moving=tuple(sorted(row[2] for row in rows if row[3])))


def _matters(reader: Table, committed: Committed) -> bool:
    return committed.wrote_rows or (committed.refused_records and _counts_absence(reader))


def _with_build(batches: Batches, build_id: str, committed: Committed) -> Batches:
    moving = (*batches.moving, build_id) if committed.moved_rows else batches.moving
    return Batches(tuple(sorted((*batches.ids, build_id))), tuple(sorted(moving)))


def _without(pending: Mapping[str, Batches], consumed: Mapping[str, Batches]) -> dict[str, Batches]:
    left: dict[str, Batches] = {}
    for name, batches in pending.items():
        gone = set(consumed[name].ids) if name in consumed else set()
        left[name] = Batches(
            tuple(one for one in batches.ids if one not in gone),
            tuple(one for one in batches.moving if one not in gone),
        )
    return left
