"""Which batches of its inputs a table has not consumed: the set difference of two ledgers.

The state of all tables of a run is read in one statement (`read_states`) and kept up to date in memory: a build that
was committed is known to the tables that read it. What others write meanwhile is seen by the next run; a table that
another build has overtaken is noticed when the head is claimed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from snowflake.snowpark.functions import col, count, in_, lit

from transforms.catalog import Model, models
from transforms.contract import TEXT, Column, ContractError, Layer, Table
from transforms.engine.known_schemas import use_known_schemas
from transforms.engine.ledgers import build_frame
from transforms.engine.states import Batches, State, States, counts_absence
from transforms.engine.stored import read_table
from transforms.formulas.frames import null_of, union_all
from transforms.functions import DataFrame, Expression, Session
from transforms.ops import BUILDS, CONSUMPTIONS, HEADS, LOADS, RECONCILIATION

_LOAD, _BUILD, _BUILD_OR_REFUSAL = "load", "build", "build or refusal"
_READER = (
    Column("reader", TEXT, "table that reads"),
    Column("input_table", TEXT, "table that is read"),
    Column("counts", TEXT, "which batches of it matter"),
)
_FOUND = ("table_name", "input_table", "batch_id", "moved", "parameters", "contract_hash")


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
    session: Session, readers: Mapping[str, tuple[Table, Sequence[str]]], known: Mapping[str, Table] | None = None
) -> dict[str, State]:
    heads: dict[str, tuple[Any, ...]] = {}
    pending: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    with use_known_schemas(session):
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
    untold = null_of(TEXT)
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
        {"reader": name, "input_table": one, "counts": _count(table, one, known)}
        for name, (table, inputs) in readers.items()
        if not table.is_view  # it reads what is there each time, so nothing is ever new to it
        for one in inputs
    ]
    if not edges:
        return heads
    unconsumed = _find_unconsumed(session, build_frame(session, edges, _READER), {edge["counts"] for edge in edges})
    return heads.union_all(unconsumed.select(*_FOUND[:4], untold.alias("parameters"), untold.alias("contract_hash")))


def _count(reader: Table, name: str, known: Mapping[str, Table] | None) -> str:
    """Return which batches of the input matter: loads, builds that wrote rows, or also those that only refused."""
    table = known[name] if known is not None else models()[name].table
    if table.layer is Layer.RAW:
        return _LOAD
    return _BUILD_OR_REFUSAL if counts_absence(reader) else _BUILD


def _find_unconsumed(session: Session, edges: DataFrame, counted: set[str]) -> DataFrame:
    kinds = [_of_kind(_LOAD, read_table(session, LOADS), "load_id", lit(0))] if _LOAD in counted else []
    if counted - {_LOAD}:
        kinds.append(_builds(session))
    if _BUILD_OR_REFUSAL in counted:
        kinds.append(_refusals(session))
    batches = union_all(kinds)
    is_counted = (col("input_table") == col("of_table")) & (
        (col("counts") == col("kind")) | ((col("kind") == lit(_BUILD)) & (col("counts") == lit(_BUILD_OR_REFUSAL)))
    )
    # Set difference, no high-water mark: what is committed late, by a build that began early, is still found.
    read = edges.join(batches, on=is_counted, how="inner").select(
        col("reader").alias("table_name"), "input_table", "batch_id", "moved"
    )
    consumed = read_table(session, CONSUMPTIONS).select("table_name", "input_table", "batch_id")
    return read.filter(~in_([col(name) for name in _FOUND[:3]], consumed))


def _builds(session: Session) -> DataFrame:
    """Return builds that wrote rows."""
    moved = col("rows_updated") + col("rows_deleted")
    wrote = read_table(session, BUILDS).filter(moved + col("rows_inserted") > lit(0))
    return _of_kind(_BUILD, wrote, "build_id", moved)


def _refusals(session: Session) -> DataFrame:
    """Return builds that only refused records, which say that their keys were there where absence counts."""
    builds = read_table(session, BUILDS).filter(
        col("rows_updated") + col("rows_deleted") + col("rows_inserted") == lit(0)
    )
    refused = read_table(session, RECONCILIATION).filter(col("quarantined_rows") > lit(0))
    per_build = refused.group_by(col("build_id").alias("refusing_id")).agg(count(lit(1)).alias("load_count"))
    refusing = builds.join(per_build, on=col("build_id") == col("refusing_id"), how="inner")
    return _of_kind(_BUILD_OR_REFUSAL, refusing, "build_id", lit(0))


def _of_kind(kind: str, batches: DataFrame, name: str, moved: Expression) -> DataFrame:
    of_table, batch_id = col("table_name").alias("of_table"), col(name).alias("batch_id")
    return batches.select(of_table, lit(kind).alias("kind"), batch_id, moved.alias("moved"))


def _batches(rows: Sequence[Sequence[Any]]) -> Batches:
    return Batches(ids=tuple(sorted(row[2] for row in rows)), moving=tuple(sorted(row[2] for row in rows if row[3])))
