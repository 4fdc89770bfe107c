"""Schema drift: fields of new raw records that the raw table's contract does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from expectations.engine.queries import MOST_BATCHES
from expectations.engine.tables import find_table
from expectations.rules.rule import quote_literal
from transforms.contract import Table
from transforms.functions import Session


def unknown_fields(
    session: Session, database: str, loads: Mapping[str, Sequence[str]], *, now: datetime
) -> list[dict[str, Any]]:
    """Return rows for OPS.SCHEMA_DRIFT: every unknown field of these loads, with the number of records that have it.

    Args:
        session: Where RAW is; one statement reads all tables.
        database: Of the tables.
        loads: Raw table -> loads to look at.
        now: UTC, stored as seen_at.

    Returns:
        One row per table and field; the ledger keeps the first that it gets.
    """
    tables = [find_table(name) for name, load_ids in loads.items() if load_ids]
    watched = [table for table in tables if table.fields]
    if not watched:
        return []
    parts = [_read_fields(database, table, loads[table.name]) for table in watched]
    found = session.sql(f"{' union all '.join(parts)} order by table_name, field").collect()
    names = ("table_name", "field", "load_id", "rows_seen")
    return [{**dict(zip(names, row, strict=True)), "seen_at": now} for row in found]


def _read_fields(database: str, table: Table, load_ids: Sequence[str]) -> str:
    loads = ", ".join(quote_literal(load_id) for load_id in load_ids)
    # A backfill's loads are too many names for a statement; the ledger keeps the first sight of a field anyway.
    read = f"where _load_id in ({loads})" if len(load_ids) <= MOST_BATCHES else ""
    known = ", ".join(quote_literal(name) for name in table.fields)
    # Records of a source have a few sets of keys, so those are counted before a key is a row of its own: ten million
    # records are read once and nothing is held of them.
    sets = (
        "select to_json(object_keys(as_object(record))) as names, min(_load_id) as load_id, count(*) as record_count "
        f"from {table.full_name(database)} {read} group by 1"
    )
    return (
        f"select {quote_literal(table.name)} as table_name, f.value::varchar as field, min(s.load_id) as load_id, "
        f"sum(s.record_count) as rows_seen from ({sets}) s, lateral flatten(input => parse_json(s.names)) f "
        f"where f.value::varchar not in ({known}) group by f.value::varchar"
    )
