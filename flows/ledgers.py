"""Rows into the ledgers of OPS, and the transaction that they share with what they tell of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from transforms.contract import BOOLEAN, FLOAT, INTEGER, TEXT, TIMESTAMP, VARIANT, Table

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from transforms.contract import Column

_SQL_TYPES = (
    (TEXT, "VARCHAR"),
    (INTEGER, "NUMBER(38, 0)"),
    (FLOAT, "FLOAT"),
    (BOOLEAN, "BOOLEAN"),
    (TIMESTAMP, "TIMESTAMP_NTZ"),
)


def append_rows(session: Session, database: str, ledger: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append those rows to a ledger whose key is not there yet, in one statement.

    They travel as one JSON parameter: an INSERT with a row of parameters each takes a statement per 60 rows, and
    Snowpark's `create_dataframe` makes a temporary table, which ends an open transaction.

    Args:
        session: Where to write; the rows are part of its open transaction, if there is one.
        database: Holds the ledgers.
        ledger: Contract of the ledger.
        rows: Values by column name; a column that is left out is NULL.
    """
    if not rows:
        return
    target = ledger.full_name(database)
    names = ", ".join(column.name for column in ledger.columns)
    values = ", ".join(_cast(column) for column in ledger.columns)
    same_key = " AND ".join(f"old.{name} = new.{name}" for name in ledger.key)
    payload = json.dumps([{name: _plain(value) for name, value in row.items()} for row in rows], ensure_ascii=False)
    session.sql(
        f"INSERT INTO {target} ({names}) SELECT {names} FROM "
        f"(SELECT {values} FROM TABLE(FLATTEN(INPUT => PARSE_JSON(?))) item) new "
        f"WHERE NOT EXISTS (SELECT 1 FROM {target} old WHERE {same_key})",
        params=[payload],
    ).collect()


@contextmanager
def transaction(session: Session) -> Iterator[None]:
    """Commit what the block does, or none of it."""
    session.sql("BEGIN").collect()
    try:
        yield
    except BaseException:
        session.sql("ROLLBACK").collect()
        raise
    session.sql("COMMIT").collect()


def _cast(column: Column) -> str:
    value = f"item.value:{column.name}"
    if column.type == VARIANT:
        return f"{value} AS {column.name}"
    sql_type = next(name for kind, name in _SQL_TYPES if kind == column.type)
    return f"{value}::{sql_type} AS {column.name}"


def _plain(value: Any) -> Any:
    """Times as Snowflake reads them in JSON: UTC, no zone."""
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return moment.replace(tzinfo=None).isoformat(sep=" ")
    return value
