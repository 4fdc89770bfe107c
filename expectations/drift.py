"""Schema drift: fields of new raw records that the raw table's contract does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING, Any

from snowflake.snowpark.functions import col, count, lit
from snowflake.snowpark.functions import min as smallest

from expectations.contracts import table_named

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame, Session

    from transforms.contract import Table


def unknown_fields(
    session: Session, database: str, loads: Mapping[str, Sequence[str]], *, now: datetime
) -> list[dict[str, Any]]:
    """Rows for OPS.SCHEMA_DRIFT: every unknown field of these loads, with the number of records that have it.

    Args:
        session: Where RAW is; one statement reads all tables.
        database: Of the tables.
        loads: Raw table -> loads to look at.
        now: UTC, stored as seen_at.

    Returns:
        One row per table and field; the ledger keeps the first that it gets.
    """
    tables = [table_named(name) for name, load_ids in loads.items() if load_ids]
    watched = [table for table in tables if table.fields]
    if not watched:
        return []
    frames = [_fields(session, database, table, loads[table.name]) for table in watched]
    found = reduce(lambda left, right: left.union_all(right), frames).sort("table_name", "field").collect()
    names = ("table_name", "field", "load_id", "rows_seen")
    return [{**dict(zip(names, row, strict=True)), "seen_at": now} for row in found]


def _fields(session: Session, database: str, table: Table, load_ids: Sequence[str]) -> DataFrame:
    records = session.table(table.full_name(database)).filter(
        col("_load_id").in_([lit(load_id) for load_id in load_ids])
    )
    keys = records.join_table_function("flatten", col("record")).select(col("key").alias("field"), col("_load_id"))
    unknown = keys.filter(col("field").is_not_null() & ~col("field").in_([lit(name) for name in table.fields]))
    per_field = unknown.group_by("field").agg(smallest("_load_id").alias("load_id"), count(lit(1)).alias("rows_seen"))
    return per_field.select(lit(table.name).alias("table_name"), "field", "load_id", "rows_seen")
