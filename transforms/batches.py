"""Which batches of its inputs a table has not consumed: the set difference of two ledgers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from snowflake.snowpark.functions import col, in_, lit

from transforms.contract import ContractError, HardDeletes, History, Layer
from transforms.ops import BUILDS, CONSUMPTIONS, HEADS, LOADS, RECONCILIATION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snowflake.snowpark import Column, DataFrame, Row, Session

    from transforms.catalog import Model
    from transforms.contract import Table


@dataclass(frozen=True)
class Batches:
    """Unconsumed batches of one input.

    Args:
        ids: Loads or builds.
        displacing: Those of them that deleted or changed rows, so that rows have left groups.
    """

    ids: tuple[str, ...] = ()
    displacing: tuple[str, ...] = ()


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


def stored(session: Session, table: Table) -> DataFrame:
    """The table as it is stored."""
    return session.table(table.full_name(current_database(session)))


def current_database(session: Session) -> str:
    """The session's database, unquoted.

    Raises:
        ContractError: The session has none.
    """
    name = session.get_current_database()
    if not name:
        raise ContractError("the session has no database: open it with the database that holds the tables")
    return name.strip('"')


def read_state(session: Session, model: Model, inputs: Mapping[str, Table]) -> State:
    """Read the table's head and its unconsumed batches.

    Raises:
        ContractError: The ledgers do not know the table.
    """
    of_the_table = col("table_name") == lit(model.table.name)
    heads = stored(session, HEADS).filter(of_the_table).select("build_id", "parameters", "contract_hash").collect()
    if not heads:
        raise ContractError(f"{model.table.name}: OPS.HEADS has no row of it. Prepare the tables first.")
    consumed = stored(session, CONSUMPTIONS).filter(of_the_table).select("input_table", "batch_id")
    raw_inputs = [name for name, table in inputs.items() if table.layer is Layer.RAW]
    built_inputs = [name for name in inputs if name not in raw_inputs]
    rows = _unconsumed(_loads(session, raw_inputs), consumed) if raw_inputs else []
    rows += _unconsumed(_builds(session, model.table, built_inputs), consumed) if built_inputs else []
    pending = {name: _batches([row for row in rows if row[0] == name]) for name in inputs}
    build_id, parameters, contract_hash = heads[0]
    return State(build_id, parameters, contract_hash, pending)


def in_batches(table: Table, ids: Sequence[str]) -> Column:
    """Condition: the row was written by one of these batches."""
    return col(table.batch_column).in_(*[lit(batch) for batch in ids])


def _loads(session: Session, names: Sequence[str]) -> DataFrame:
    of_the_inputs = col("table_name").in_(*[lit(name) for name in names])
    return (
        stored(session, LOADS)
        .filter(of_the_inputs)
        .select(col("table_name").alias("input_table"), col("load_id").alias("batch_id"), lit(0).alias("displaced"))
    )


def _builds(session: Session, reader: Table, names: Sequence[str]) -> DataFrame:
    """Builds that wrote rows of the inputs; where absence counts also those that only refused records."""
    displaced = col("rows_updated") + col("rows_deleted")
    is_of_the_inputs = col("table_name").in_(*[lit(name) for name in names])
    has_written = displaced + col("rows_inserted") > lit(0)
    matters = has_written
    if isinstance(reader.write, History) and reader.write.hard_deletes is not HardDeletes.IGNORE:
        refused = stored(session, RECONCILIATION).filter(is_of_the_inputs & (col("quarantined_rows") > lit(0)))
        matters = has_written | in_([col("build_id")], refused.select("build_id"))
    return (
        stored(session, BUILDS)
        .filter(is_of_the_inputs & matters)
        .select(col("table_name").alias("input_table"), col("build_id").alias("batch_id"), displaced.alias("displaced"))
    )


def _unconsumed(batches: DataFrame, consumed: DataFrame) -> list[Row]:
    is_consumed = in_([col("input_table"), col("batch_id")], consumed)
    return batches.filter(~is_consumed).collect()


def _batches(rows: Sequence[Row]) -> Batches:
    return Batches(
        ids=tuple(sorted(row[1] for row in rows)), displacing=tuple(sorted(row[1] for row in rows if row[2]))
    )
