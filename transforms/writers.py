"""The only code that changes tables: one transaction per build, with its ledger rows.

Nothing in a transaction is DDL, which would commit it on Snowflake: what needs a temporary table is prepared before.
"""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from snowflake.snowpark.exceptions import SnowparkSQLException
from snowflake.snowpark.functions import col, in_, lit, when_matched, when_not_matched
from snowflake.snowpark.types import StructField, StructType

from transforms import changes
from transforms.batches import current_database, stored
from transforms.contract import TEXT, TIMESTAMP, ContractError, History, Layer
from transforms.keys import hash_key
from transforms.ops import CONSUMPTIONS, DISPLACED, HEADS, QUARANTINE
from transforms.versions import broken_invariants

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from snowflake.snowpark import Column, DataFrame, Session

    from transforms.batches import Batches, State
    from transforms.contract import Table

_VALUES_IN_ONE_STATEMENT = 511  # from 512 Snowpark makes a temporary table of them, which is DDL


class BuildConflictError(Exception):
    """Another build of the same table was committed meanwhile. Nothing was written; try again."""


@dataclass(frozen=True)
class Written:
    """Rows that a MERGE inserted, updated and deleted."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0


@contextmanager
def transaction(session: Session) -> Iterator[None]:
    """All statements inside are committed together, or none of them."""
    session.connection.autocommit(False)
    try:
        yield
        session.connection.commit()
    except BaseException:
        session.connection.rollback()
        raise
    finally:
        session.connection.autocommit(True)


def append_rows(session: Session, table: Table, rows: Sequence[Mapping[str, Any] | Sequence[Any]]) -> int:
    """Insert the rows whose key a ledger does not have.

    Args:
        session: Where the ledger is.
        table: A ledger of transforms/ops.py.
        rows: One mapping by column name, or one value per column in the contract's order, per row.

    Returns:
        How many rows were inserted; the others were there.
    """
    frames = _value_frames(session, table, [_in_order(table, row) for row in rows])
    return sum(append_frame(session, table, frame) for frame in frames)


def append_frame(session: Session, table: Table, frame: DataFrame) -> int:
    """Insert the frame's rows whose key the ledger does not have; the frame has the ledger's columns."""
    source = frame.select(*[col(name).alias(f"new_{name}") for name in table.column_names])
    inserted = stored(session, table).merge(source, _same_key(table), [when_not_matched().insert(_values(table))])
    return int(inserted.rows_inserted)


def append_new(session: Session, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows whose keys carry a build that the ledger cannot have yet."""
    for frame in _value_frames(session, table, rows):
        _insert(session, table, frame)


def append_new_frame(session: Session, table: Table, frame: DataFrame) -> None:
    """Insert the frame's rows, whose keys the ledger does not have; the frame has the ledger's columns, in order."""
    _insert(session, table, table.select(frame))


def _insert(session: Session, table: Table, frame: DataFrame) -> None:
    frame.write.save_as_table(_path(session, table), mode="append", table_exists=True)  # type: ignore[call-overload]


def claim_head(session: Session, table: Table, seen: State, build_id: str, parameters: str) -> None:
    """Exchange the table's head for this build, which only one of two builds at once can do.

    Raises:
        BuildConflictError: The head is no longer the one that this build saw when it began.
    """
    is_seen = col("build_id").is_null() if seen.build_id is None else col("build_id") == lit(seen.build_id)
    own_head = {"build_id": lit(build_id), "parameters": lit(parameters), "contract_hash": lit(contract_hash(table))}
    overtaken = f"{table.name}: another build was committed while this one ran; nothing was written. Try again."
    try:
        changed = stored(session, HEADS).update(own_head, (col("table_name") == lit(table.name)) & is_seen)
    except SnowparkSQLException as error:  # the other build still holds the head's row, for longer than we may wait
        raise BuildConflictError(overtaken) from error
    if not changed.rows_updated:
        raise BuildConflictError(overtaken)


def merge_changes(session: Session, table: Table, compared: DataFrame, build_id: str, expected: Written) -> Written:
    """Insert, update and delete what a comparison says, in one MERGE.

    Raises:
        ContractError: The MERGE did not write what the comparison found.
    """
    source = compared.filter(changes.is_written()).select(
        col("action"), *[col(f"new_{name}") for name in _data_names(table)], lit(build_id).alias("new__build_id")
    )
    target = stored(session, table)
    values = _values(table)
    others = {name: value for name, value in values.items() if name not in table.key}
    merged = target.merge(
        source,
        _same_key(table),
        [
            when_matched(col("action") == lit(changes.DELETE)).delete(),  # type: ignore[no-untyped-call]
            when_matched(col("action") == lit(changes.UPDATE)).update(others),
            when_not_matched().insert(values),
        ],
    )
    written = Written(int(merged.rows_inserted), int(merged.rows_updated), int(merged.rows_deleted))
    if written != expected:
        raise ContractError(
            f"{table.name}: the MERGE wrote {written}, expected {expected}; nothing was kept. "
            f"Likely the table holds a key twice."
        )
    return written


def check_versions(session: Session, table: Table, compared: DataFrame) -> None:
    """Check the versions of every key that a comparison wrote; inside the transaction, so that nothing wrong is kept.

    Raises:
        ContractError: They are no history.
    """
    written = compared.filter(changes.is_written()).select(*[col(f"new_{name}") for name in table.business_key])
    versions = stored(session, table).filter(in_([col(name) for name in table.business_key], written))
    (found,) = broken_invariants(table, versions).collect()
    broken = {rule.lower(): rows for rule, rows in found.as_dict().items() if rows}
    if broken:
        raise ContractError(
            f"{table.name}: the versions written are no history: {broken} (rows per rule); nothing was kept. "
            f"Likely rows of the table were changed by hand: build it again with --full-refresh."
        )


def record_consumption(session: Session, table: Table, pending: Mapping[str, Batches], build_id: str) -> None:
    """Write down which batches the build has read."""
    rows = [(table.name, name, batch, build_id) for name, batches in pending.items() for batch in batches.ids]
    append_new(session, CONSUMPTIONS, rows)


def quarantine(session: Session, table: Table, compared: DataFrame, now: datetime, raw: DataFrame | None = None) -> int:
    """Keep the rejected records of a comparison with their reasons; returns how many are new.

    Args:
        session: Where the ledger is.
        table: The table that refuses them.
        compared: The comparison.
        now: When.
        raw: For a history: rows of the raw table, which have the records that the comparison only names.
    """
    refused = compared.filter(col("action") == lit(changes.REJECTED))
    if raw is not None:
        records = raw.select("record", col("_source_file").alias("file"), col("_source_row").alias("row"))
        is_same = (col("new__source_file") == col("file")) & (col("new__source_row") == col("row"))
        lineage = [col(f"new_{name}") for name in ("_source_file", "_source_row", "_load_id", "_rule", "_reason")]
        refused = refused.select(*lineage).join(records, on=is_same, how="left")
        refused = refused.select(*lineage, col("record").alias("new__record"))
    rejected = refused.select(
        hash_key(lit(table.name), "new__source_file", "new__source_row", "new__rule").alias("quarantine_id"),
        lit(table.name).alias("table_name"),
        col("new__rule").alias("rule"),
        col("new__reason").alias("reason"),
        col("new__record").alias("record"),
        col("new__source_file").alias("source_file"),
        col("new__source_row").alias("source_row"),
        col("new__load_id").alias("load_id"),
        lit(now).cast(TIMESTAMP).alias("quarantined_at"),
    )
    return append_frame(session, QUARANTINE, rejected)


def keep_displaced(session: Session, table: Table, compared: DataFrame, build_id: str) -> None:
    """Keep which groups the build's deleted and moved rows were in, so that later tables recompute those."""
    left = compared.filter(col("row_before").is_not_null()).select("row_before").distinct()
    _insert(
        session,
        DISPLACED,
        left.select(
            lit(table.name).alias("table_name"),
            lit(build_id).alias("build_id"),
            hash_key(col("row_before").cast(TEXT)).alias("group_hash"),
            col("row_before"),
        ),
    )


def contract_hash(table: Table) -> str:
    """A text that changes when the table's stored columns do, and for a history how versions are made."""
    declared: list[object] = [[column.name, repr(column.type)] for column in table.stored_columns]
    if isinstance(table.write, History):
        declared.append([repr(replace(table.write, named_by=())), *table.tracked_columns])
    return json.dumps(declared)


def _value_frames(session: Session, table: Table, rows: Sequence[tuple[Any, ...]]) -> Iterator[DataFrame]:
    """The rows as frames, each small enough to be written into its statement."""
    per_statement = _VALUES_IN_ONE_STATEMENT // len(table.columns)
    for first in range(0, len(rows), per_statement):
        yield session.create_dataframe(list(rows[first : first + per_statement]), schema=nullable_schema(table))


def nullable_schema(table: Table) -> StructType:
    """The schema without NOT NULL, for which Snowpark would make a temporary table; the stored table has it."""
    return StructType([StructField(field.name, field.datatype) for field in table.schema.fields])


def _in_order(table: Table, row: Mapping[str, Any] | Sequence[Any]) -> tuple[Any, ...]:
    if isinstance(row, tuple | list):
        values = list(row)
    else:
        unknown = set(row) - set(table.column_names)
        if unknown:
            raise ContractError(f"{table.name}: has no columns {sorted(unknown)}")
        values = [row.get(name) for name in table.column_names]  # type: ignore[union-attr]
    if len(values) != len(table.columns):
        raise ContractError(f"{table.name}: a row has {len(values)} values, expected {len(table.columns)}")
    return tuple(values)


def _same_key(table: Table) -> Column:
    return reduce(and_, [col(name) == col(f"new_{name}") for name in table.key])


def _data_names(table: Table) -> list[str]:
    return [column.name for column in table.stored_columns if column.name != "_build_id"]


def _values(table: Table) -> dict[str, Column]:
    return {column.name: col(f"new_{column.name}") for column in table.stored_columns}


@contextmanager
def kept_for_now(session: Session, frame: DataFrame) -> Iterator[DataFrame]:
    """The frame's rows in a temporary table, computed once and dropped at the end."""
    name = f"{current_database(session)}.{Layer.OPS}.SNOWCAST_{uuid.uuid4().hex[:16]}".upper()
    frame.write.save_as_table(name.split("."), mode="errorifexists", table_type="temporary")
    kept = session.table(name)
    try:
        yield kept
    finally:
        kept.drop_table()


def _path(session: Session, table: Table) -> list[str]:
    return table.full_name(current_database(session)).split(".")
