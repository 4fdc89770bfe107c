"""The only code that changes tables: one transaction per build, with its ledger rows.

Nothing in a transaction is DDL, which would commit it on Snowflake: what needs a temporary table is prepared before.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from snowflake.snowpark.functions import col, lit, when_matched, when_not_matched

from transforms.catalog import models
from transforms.contract import TEXT, TIMESTAMP, VERSION_TIMES, ContractError, Layer, Table
from transforms.engine import compare, ledgers
from transforms.engine.known_schemas import is_untold, remember_columns
from transforms.engine.states import State
from transforms.engine.stored import current_database, read_table
from transforms.formulas.frames import have_same
from transforms.formulas.keys import hash_key
from transforms.functions import DataFrame, Expression, Session
from transforms.literals import quote_text
from transforms.ops import DISPLACED, HEADS, QUARANTINE
from transforms.write_kinds import History

if TYPE_CHECKING:
    from snowflake.snowpark import MergeResult
    from snowflake.snowpark.table import WhenMatchedClause, WhenNotMatchedClause

    MergeClause = WhenMatchedClause | WhenNotMatchedClause


KEPT_ROWS = 100_000  # of a temporary table that the session's next one of its name replaces; more are dropped


class BuildConflictError(Exception):
    """Another build of the same table was committed meanwhile. Nothing was written; try again."""


@dataclass(frozen=True)
class WriteCounts:
    """Rows that a MERGE inserted, updated and deleted."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0


@dataclass(frozen=True)
class Matching:
    """Where the stored rows are that a MERGE may match.

    Args:
        between: The least and the greatest place (`cluster_by`) of the rows to write, where they are and will be.
        is_all_compared: The comparison was with the whole table: a row that is new to it matches none.
        may_be_stored: A new row may be stored already, outside of what was compared: a build that ran while its
            input was written has read it before it knew of it. Then it is changed to what it is now.
    """

    between: tuple[Any, Any] | None = None
    is_all_compared: bool = False
    may_be_stored: bool = False


def write_claim(session: Session, table: Table, seen: State, build_id: str, parameters: str) -> str:
    """Write the statement that exchanges the table's head for this build, which only one of two builds at once can do.

    It is the last before the COMMIT and sent with it: on Snowflake an UPDATE locks the whole table HEADS until then,
    and every other build would wait for as long as this one writes. So nobody looks at how many rows it changed: it
    fails by itself, as no number, where the head is no longer the one that the build saw when it began. Snowpark's
    UPDATE is sent at once and alone.
    """
    is_seen = f"EQUAL_NULL(BUILD_ID, {quote_text(seen.build_id)})"
    otherwise = "SPACE(CAST('overtaken by ' || COALESCE(BUILD_ID, 'none') AS NUMBER))"
    return (
        f"UPDATE {HEADS.full_name(current_database(session))} "
        f"SET BUILD_ID = IFF({is_seen}, {quote_text(build_id)}, {otherwise}), PARAMETERS = {quote_text(parameters)}, "
        f"CONTRACT_HASH = {quote_text(contract_hash(table))} WHERE TABLE_NAME = {quote_text(table.name)}"
    )


def describe_overtaken(table: Table) -> str:
    """Say that another build of the same table has overtaken one."""
    return f"{table.name}: another build was committed while this one ran; nothing was written. Try again."


def is_overtaken(session: Session, table: Table, seen: State) -> bool:
    """Return whether the table's head is another than the one that a build saw when it began."""
    heads = read_table(session, HEADS).filter(col("table_name") == lit(table.name)).select("build_id").collect()
    return [row[0] for row in heads] != [seen.build_id]


def merge_changes(
    session: Session, table: Table, compared: DataFrame, build_id: str, expected: WriteCounts, how: Matching
) -> WriteCounts:
    """Insert, update and delete what a comparison says, in one MERGE, or in one INSERT where nothing can match.

    Args:
        session: Where the table is.
        table: What is written.
        compared: Its comparison.
        build_id: Who writes.
        expected: What the comparison found, and the MERGE must write.
        how: Which stored rows can match.

    Raises:
        ContractError: The MERGE did not write what the comparison found.
    """
    if how.is_all_compared and not how.may_be_stored and expected == WriteCounts(expected.inserted):
        _insert_new(session, table, compared, build_id)
        return expected
    target = read_table(session, table)
    merged = target.merge(
        _rows_to_write(table, compared, build_id),
        _is_match(table, target, how.between),
        _list_clauses(table, expected, may_be_stored=how.may_be_stored),
    )
    return _check_written(table, merged, expected, may_be_stored=how.may_be_stored)


def _insert_new(session: Session, table: Table, compared: DataFrame, build_id: str) -> None:
    """Insert the rows of a comparison with the whole table, which is known to hold none of their keys.

    The head of the table will say that nobody has written it since: a MERGE would look for every key again.
    """
    rows = _rows_to_write(table, compared, build_id)
    ledgers.insert(session, table, rows.select(*[col(f"new_{c.name}").alias(c.name) for c in table.stored_columns]))


def _list_clauses(table: Table, expected: WriteCounts, *, may_be_stored: bool) -> list[MergeClause]:
    """List what the MERGE is to do; nothing that the comparison has no rows for, as all that is named is paid for."""
    values = {column.name: col(f"new_{column.name}") for column in table.stored_columns}
    clauses: list[MergeClause] = []
    if expected.deleted:
        clauses.append(when_matched(col("action") == lit(compare.DELETE)).delete())  # type: ignore[no-untyped-call]
    changing = [lit(compare.UPDATE)] if expected.updated else []
    changing += [lit(compare.INSERT)] if expected.inserted and may_be_stored else []
    if changing:
        others = {name: value for name, value in values.items() if name not in table.key}
        clauses.append(when_matched(col("action").in_(*changing)).update(others))
    if expected.updated and isinstance(table.write, History):
        # most are ended or observed once more: a warehouse that stores columns leaves the others as they are
        times = {name: values[name] for name in (*VERSION_TIMES, "_build_id")}
        clauses.append(when_matched(col("action") == lit(compare.RETIME)).update(times))
    if expected.inserted:
        # only these: a row to change or delete that is gone meanwhile has nothing to insert
        clauses.append(when_not_matched(col("action") == lit(compare.INSERT)).insert(values))
    return clauses


def _check_written(table: Table, merged: MergeResult, expected: WriteCounts, *, may_be_stored: bool) -> WriteCounts:
    written = WriteCounts(int(merged.rows_inserted), int(merged.rows_updated), int(merged.rows_deleted))
    # A row that was stored meanwhile is changed instead of inserted: both counts move by as many, no row is lost.
    stored_before = expected.inserted - written.inserted if may_be_stored else 0
    if written != WriteCounts(expected.inserted - stored_before, expected.updated + stored_before, expected.deleted):
        raise ContractError(
            f"{table.name}: the MERGE wrote {written}, expected {expected}; nothing was kept. "
            f"Likely the table holds a key twice."
        )
    return written


def _rows_to_write(table: Table, compared: DataFrame, build_id: str) -> DataFrame:
    names = [column.name for column in table.stored_columns if column.name != "_build_id"]
    rows = compared.filter(compare.is_written()).select(
        col("action"), *[col(f"new_{name}") for name in names], lit(build_id).alias("new__build_id")
    )
    # Rows that arrive together lie together, so a reader of some skips the parts with others.
    return rows.sort(col(f"new_{table.cluster_by}")) if table.cluster_by else rows


def _is_match(table: Table, target: DataFrame, between: tuple[Any, Any] | None) -> Expression:
    """Return the condition of the MERGE; bounds let the warehouse skip the parts in which no match can lie."""
    is_match = have_same(table.key, "new_")
    if between is None or table.cluster_by is None:
        return is_match
    # The comparison found every match, and the head of the table will say that nobody has written it since.
    place, kind = target[table.cluster_by], table.column(table.cluster_by).type
    lies_between: Expression = (place >= lit(between[0]).cast(kind)) & (place <= lit(between[1]).cast(kind))
    return is_match & lies_between


def quarantine(session: Session, table: Table, compared: DataFrame, now: datetime) -> int:
    """Keep the rejected records of a comparison with their reasons; returns how many are new.

    The comparison of a history only names its records: they are read from the raw table behind it.
    """
    refused = compared.filter(col("action") == lit(compare.REJECTED))
    if isinstance(table.write, History):
        records = _read_raw(session, table).select(
            "record", col("_source_file").alias("file"), col("_source_row").alias("row")
        )
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
    return ledgers.append_frame(session, QUARANTINE, rejected)


def _read_raw(session: Session, table: Table) -> DataFrame:
    (staging,) = models()[table.name].inputs
    (raw,) = models()[staging].inputs
    return read_table(session, models()[raw].table)


def record_moved_groups(session: Session, table: Table, compared: DataFrame, build_id: str) -> None:
    """Keep which groups the build's deleted and moved rows were in, so that later tables recompute those."""
    left = compared.filter(col("row_before").is_not_null()).select("row_before").distinct()
    groups = left.select(
        lit(table.name).alias("table_name"),
        lit(build_id).alias("build_id"),
        hash_key(col("row_before").cast(TEXT)).alias("group_hash"),
        col("row_before"),
    )
    ledgers.append_new_frame(session, DISPLACED, groups)


def contract_hash(table: Table) -> str:
    """Return a text that changes with the table's stored columns, its rows' meaning, and how versions are made."""
    declared: list[object] = [[column.name, repr(column.type)] for column in table.stored_columns]
    if isinstance(table.write, History):
        declared.append([repr(replace(table.write, named_by=())), *table.tracked_columns])
    if table.revision > 1:
        declared.append(["revision", table.revision])
    return json.dumps(declared)


@contextmanager
def materialize(session: Session, frame: DataFrame, purpose: str = "") -> Iterator[DataFrame]:
    """Keep the frame's rows in a temporary table, so that they are computed once.

    Args:
        session: Where the frame is.
        frame: What to keep.
        purpose: Names the session's table for frames of that purpose, which the next one replaces: dropping it would
            cost a statement each time (`drop_large`). Empty: a table of its own, which is dropped at the end.

    Raises:
        ContractError: The type of a column cannot be told, so no table can be created for it.
    """
    name = _name_kept(session, purpose or uuid.uuid4().hex[:16])
    types = {field.name.strip('"'): field.datatype for field in frame.schema.fields}
    untold = [name for name, kind in types.items() if is_untold(kind)]
    if untold:
        raise ContractError(f"{name}: the types of {untold} are not told: cast them before they are kept")
    frame.write.save_as_table(name.split("."), mode="overwrite", table_type="temporary")
    remember_columns(session, name, types)
    kept = session.table(name)
    try:
        yield kept
    finally:
        if not purpose:
            kept.drop_table()


def drop_large(session: Session, purposes: Sequence[str], row_count: int) -> None:
    """Drop what is kept for these purposes where it is large: the session may live for days, and its next build waits.

    Args:
        session: Whose it is.
        purposes: As told to `materialize`.
        row_count: About how many rows each has; dropping few costs more than keeping them.
    """
    if row_count > KEPT_ROWS:
        for purpose in purposes:
            session.table(_name_kept(session, purpose)).drop_table()


def _name_kept(session: Session, purpose: str) -> str:
    return f"{current_database(session)}.{Layer.OPS}.SNOWCAST_{purpose}".upper()
