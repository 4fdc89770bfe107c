"""Rows into the ledgers of OPS, and the transaction that they share with what they tell of.

Rows travel in the text of their statement, as one JSON value that the warehouse takes apart or as VALUES: one statement
for any number of rows, no temporary table (which is DDL and would commit an open transaction), every value cast to the
type of its column.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from snowflake.connector.cursor import SnowflakeCursor
from snowflake.snowpark._internal.utils import is_in_stored_procedure
from snowflake.snowpark.functions import col, flatten, lit, parse_json, when_not_matched

from transforms.contract import TEXT, VARIANT, Column, ContractError, Table
from transforms.engine.known_schemas import use_known_schemas
from transforms.engine.stored import current_database, read_table
from transforms.formulas.frames import have_same
from transforms.functions import DataFrame, Expression, Session
from transforms.literals import write_literal

_LEDGER = "ledger"
_BYTES_IN_ONE_STATEMENT = 256 * 1024  # Snowflake takes a statement of 1 MB


@contextmanager
def transaction(session: Session) -> Iterator[list[str]]:
    """Commit what the block does, or none of it.

    BEGIN is sent as it is: Snowpark has no call for it, and switching autocommit off and on costs a statement more.

    Yields:
        Statements that the block leaves for its end. They are sent with the COMMIT in one request, so that what they
        lock is not locked while the client is told and answers; where one fails, nothing is committed.
    """
    session.connection.cursor().execute("BEGIN")
    last: list[str] = []
    try:
        yield last
        send_together(session, [*last, "COMMIT"])
    except BaseException:
        session.connection.rollback()
        raise


class _Unread(SnowflakeCursor):
    """Leaves what several statements of a request gave where it is: the connector would ask for the first of it."""

    def nextset(self) -> None:
        """Ask for nothing."""


def send_together(session: Session, statements: Sequence[str]) -> None:
    """Send statements in one request; a stored procedure sends one after the other, for it may not do that.

    The answer to the request says whether all of them succeeded; what they gave is asked for by nobody.
    """
    if len(statements) > 1 and not is_in_stored_procedure():  # type: ignore[no-untyped-call]
        session.connection.cursor(_Unread).execute(";\n".join(statements), num_statements=len(statements))
        return
    cursor = session.connection.cursor()
    for statement in statements:
        cursor.execute(statement)


def append_rows(session: Session, table: Table, rows: Sequence[Mapping[str, Any] | Sequence[Any]]) -> int:
    """Insert the rows whose key a ledger does not have.

    Args:
        session: Where the ledger is.
        table: A ledger of transforms/ops.py.
        rows: One mapping by column name, or one value per column in the contract's order, per row.

    Returns:
        How many rows were inserted; the others were there.
    """
    return sum(append_frame(session, table, frame) for frame in _frames(session, table, rows))


def append_frame(session: Session, table: Table, frame: DataFrame) -> int:
    """Insert the frame's rows whose key the ledger does not have; the frame has the ledger's columns."""
    with use_known_schemas(session):
        source = frame.select(*[col(name).alias(f"new_{name}") for name in table.column_names])
        same_key = have_same(table.key, "new_")
        values = {name: col(f"new_{name}") for name in table.column_names}
        inserted = read_table(session, table).merge(source, same_key, [when_not_matched().insert(values)])
    return int(inserted.rows_inserted)


def append_new(session: Session, table: Table, rows: Sequence[Mapping[str, Any] | Sequence[Any]]) -> None:
    """Insert rows whose keys carry a build that the ledger cannot have yet: a plain INSERT, which locks nothing."""
    for frame in _frames(session, table, rows):
        insert(session, table, frame)


def write_inserts(session: Session, *ledgers: tuple[Table, Sequence[Sequence[Any]]]) -> list[str]:
    """Write the statement that inserts rows of several ledgers, whose keys carry a build that none can have yet.

    `INSERT ALL` reads the rows once and sends each to the ledger that it names. Snowpark has no call for it. Each build
    sends one, so its rows are VALUES: JSON takes a warehouse three times as long to take apart. More rows than a
    statement may hold are several statements.
    """
    given = [(table, rows) for table, rows in ledgers if rows]
    columns = _columns_of([table for table, _ in given])
    written = [
        _write_values({_LEDGER: table.name, **_plain_row(_by_name(table, row))}, columns)
        for table, rows in given
        for row in rows
    ]
    return [_write_insert_all(session, [table for table, _ in given], columns, part) for part in _slices(written)]


def _columns_of(tables: Sequence[Table]) -> list[Column]:
    columns = {(column.name, repr(column.type)): column for table in tables for column in table.columns}
    if len({name for name, _ in columns}) < len(columns):
        raise ContractError(f"{[table.name for table in tables]}: a column has different types, so they share no row")
    return [Column(_LEDGER, TEXT, "the ledger of the row"), *columns.values()]


def _write_values(row: Mapping[str, Any], columns: Sequence[Column]) -> str:
    return f"({', '.join(write_literal(row.get(column.name)) for column in columns)})"


def _write_insert_all(session: Session, tables: Sequence[Table], columns: Sequence[Column], rows: Sequence[str]) -> str:
    intos = []
    for table in tables:
        names = ", ".join(f'"{column.name.upper()}"' for column in table.columns)
        place = table.full_name(current_database(session))
        intos.append(f"WHEN \"{_LEDGER.upper()}\" = '{table.name}' THEN INTO {place} ({names}) VALUES ({names})")
    values = [
        f"COLUMN{at}" if column.type == TEXT else f"CAST(COLUMN{at} AS {column.type})"
        for at, column in enumerate(columns, 1)
    ]
    source = ", ".join(f'{value} AS "{column.name.upper()}"' for value, column in zip(values, columns, strict=True))
    return f"INSERT ALL {' '.join(intos)} SELECT {source} FROM VALUES {', '.join(rows)}"


def append_new_frame(session: Session, table: Table, frame: DataFrame) -> None:
    """Insert the frame's rows, whose keys the ledger does not have; the frame has the ledger's columns."""
    insert(session, table, table.select(frame))


def insert(session: Session, table: Table, typed: DataFrame) -> None:
    """Insert the frame's rows, whatever the table has beside the frame's columns, and in whatever order."""
    path = table.full_name(current_database(session)).split(".")
    with use_known_schemas(session):
        typed.write.save_as_table(  # type: ignore[call-overload]
            path, mode="append", column_order="name", table_exists=True
        )


def build_frame(session: Session, rows: Sequence[Mapping[str, Any]], columns: Sequence[Any]) -> DataFrame:
    """Build the rows as a frame of these columns of a contract; a column that a row does not name is NULL."""
    return _take_apart(session, json.dumps([_plain_row(row) for row in rows], ensure_ascii=False), columns)


def _frames(session: Session, table: Table, rows: Sequence[Mapping[str, Any] | Sequence[Any]]) -> Iterator[DataFrame]:
    """Return the rows as frames, each small enough to be written into its statement."""
    for part in _slices([json.dumps(_plain_row(_by_name(table, row)), ensure_ascii=False) for row in rows]):
        yield _take_apart(session, f"[{','.join(part)}]", table.columns)


def _slices(rows: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for row in rows:
        if part and size + len(row) > _BYTES_IN_ONE_STATEMENT:
            yield part
            part, size = [], 0
        part.append(row)
        size += len(row)
    if part:
        yield part


def _take_apart(session: Session, payload: str, columns: Sequence[Any]) -> DataFrame:
    with use_known_schemas(session):
        items = session.table_function(flatten(parse_json(lit(payload))))
    return items.select(*[_value(column).alias(column.name) for column in columns])


def _value(column: Any) -> Expression:
    value: Expression = col("value")[column.name]
    return value if column.type == VARIANT else value.cast(column.type)


def _by_name(table: Table, row: Mapping[str, Any] | Sequence[Any]) -> Mapping[str, Any]:
    if isinstance(row, tuple | list):
        if len(row) != len(table.columns):
            raise ContractError(f"{table.name}: a row has {len(row)} values, expected {len(table.columns)}")
        return dict(zip(table.column_names, row, strict=True))
    unknown = set(row) - set(table.column_names)
    if unknown:
        raise ContractError(f"{table.name}: has no columns {sorted(unknown)}")
    return row  # type: ignore[return-value]


def _plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row for JSON without its NULLs: a null of JSON is a value where it is stored as a VARIANT."""
    return {name: _plain(value) for name, value in row.items() if value is not None}


def _plain(value: Any) -> Any:
    """Write times as Snowflake reads them in JSON: UTC, no zone; amounts as text, which keeps their digits."""
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return moment.replace(tzinfo=None).isoformat(sep=" ")
    return str(value) if isinstance(value, Decimal | date) else value
