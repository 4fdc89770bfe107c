"""Which batches of its inputs a table has not consumed: the set difference of two ledgers, read in one statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

from snowflake.snowpark.functions import col, lit, max  # noqa: A004

from transforms.contract import TEXT, ContractError, Layer
from transforms.ops import BUILDS, CONSUMPTIONS, HEADS, LOADS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snowflake.snowpark import Column, DataFrame, Session

    from transforms.catalog import Model
    from transforms.contract import Table

_HEAD = ""  # stands for the input's name in the row that holds the table's own head


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
    parts = [_head(session, model.table), _consumed(session, model.table)]
    raw_inputs = [name for name, table in inputs.items() if table.layer is Layer.RAW]
    built_inputs = [name for name in inputs if name not in raw_inputs]
    if raw_inputs:
        parts.append(_loads(session, raw_inputs))
    if built_inputs:
        parts.append(_builds(session, built_inputs))
    seen = reduce(lambda left, right: left.union_all(right), parts).group_by("input_table", "batch_id")
    merged = seen.agg(*[max(name).alias(name) for name in ("displaced", "parameters", "contract_hash", "is_consumed")])
    rows = merged.filter(col("is_consumed") == lit(0)).collect()
    heads = [row for row in rows if row[0] == _HEAD]
    if not heads:
        raise ContractError(f"{model.table.name}: OPS.HEADS has no row of it. Prepare the tables first.")
    pending = {name: _batches([row for row in rows if row[0] == name]) for name in inputs}
    return State(heads[0][1], heads[0][3], heads[0][4], pending)


def in_batches(table: Table, ids: Sequence[str]) -> Column:
    """Condition: the row was written by one of these batches."""
    return col(table.batch_column).in_(*[lit(batch) for batch in ids])


def _head(session: Session, table: Table) -> DataFrame:
    of_the_table = stored(session, HEADS).filter(col("table_name") == lit(table.name))
    return of_the_table.select(
        lit(_HEAD).alias("input_table"),
        col("build_id").alias("batch_id"),
        lit(0).alias("displaced"),
        col("parameters"),
        col("contract_hash"),
        lit(0).alias("is_consumed"),
    )


def _consumed(session: Session, table: Table) -> DataFrame:
    of_the_table = stored(session, CONSUMPTIONS).filter(col("table_name") == lit(table.name))
    return of_the_table.select("input_table", "batch_id", *_batch_columns(displaced=lit(0), is_consumed=1))


def _loads(session: Session, names: Sequence[str]) -> DataFrame:
    of_the_inputs = stored(session, LOADS).filter(col("table_name").in_(*[lit(name) for name in names]))
    return of_the_inputs.select("table_name", "load_id", *_batch_columns(displaced=lit(0), is_consumed=0))


def _builds(session: Session, names: Sequence[str]) -> DataFrame:
    displaced = col("rows_updated") + col("rows_deleted")
    of_the_inputs = stored(session, BUILDS).filter(
        col("table_name").in_(*[lit(name) for name in names]) & (displaced + col("rows_inserted") > lit(0))
    )
    return of_the_inputs.select("table_name", "build_id", *_batch_columns(displaced=displaced, is_consumed=0))


def _batch_columns(*, displaced: Column, is_consumed: int) -> list[Column]:
    no_text = lit(None).cast(TEXT)
    return [
        displaced.alias("displaced"),
        no_text.alias("parameters"),
        no_text.alias("contract_hash"),
        lit(is_consumed).alias("is_consumed"),
    ]


def _batches(rows: list) -> Batches:  # type: ignore[type-arg]
    return Batches(
        ids=tuple(sorted(row[1] for row in rows)), displacing=tuple(sorted(row[1] for row in rows if row[2]))
    )
