"""What a statement gave, in the words of Snowflake's protocol."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from deployments.embedded.wire.arrow import to_stream, to_wire
from deployments.embedded.wire.types import column_info, sendable

DUCKDB_TYPES = (
    (pa.types.is_boolean, "BOOLEAN"),
    (pa.types.is_integer, "BIGINT"),
    (pa.types.is_floating, "DOUBLE"),
    (pa.types.is_date, "DATE"),
    (pa.types.is_time, "TIME"),
    (pa.types.is_binary, "BLOB"),
)
ROWS_PER_CHUNK = 100_000
STATEMENT_PARAMETERS = [{"name": "TIMEZONE", "value": "Etc/UTC"}]


@dataclass
class Answer:
    """The reply to one statement.

    Attributes:
        body: The JSON document.
        chunks: Further parts of the result, each an Arrow stream the client fetches on its own.
        rows: Rows returned, or changed by DML.
    """

    body: dict[str, Any]
    chunks: list[bytes] = field(default_factory=list)
    rows: int = 0

    @property
    def nbytes(self) -> int:
        """Size of what is kept for a client that asks again."""
        return sum(map(len, self.chunks)) + len((self.body.get("data") or {}).get("rowsetBase64") or "")


@dataclass(frozen=True)
class Rows:
    """A result as the engine gave it: the columns as Snowflake types, and the values."""

    rowtype: list[dict[str, Any]]
    table: pa.Table


def rows_of(table: pa.Table, kinds: list[str]) -> Rows:
    """A DuckDB result and the types of its columns."""
    rowtype = [column_info(name, kind) for name, kind in zip(table.column_names, kinds, strict=True)]
    return Rows(rowtype, sendable(table, kinds))


def rows_of_table(table: pa.Table) -> Rows:
    """A result that a handler made, with column types after its Arrow types."""
    kinds = [_duckdb_type(field.type) for field in table.schema]
    return Rows([column_info(field.name, kind) for field, kind in zip(table.schema, kinds, strict=True)], table)


def _duckdb_type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision},{kind.scale})"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP WITH TIME ZONE" if kind.tz else "TIMESTAMP"
    return next((name for belongs, name in DUCKDB_TYPES if belongs(kind)), "VARCHAR")


def answer_rows(rows: Rows, common: dict[str, Any], chunk_url: str) -> Answer:
    """A result set: the first rows inline as Arrow, the others as chunks to fetch.

    Args:
        rows: The result.
        common: What every answer says of its statement.
        chunk_url: Address of the chunks, to which their number is added.
    """
    table = to_wire(rows.table, rows.rowtype)
    inline = table.slice(0, ROWS_PER_CHUNK) if table.num_rows > ROWS_PER_CHUNK else table
    chunks: list[bytes] = []
    listed: list[dict[str, Any]] = []
    for start in range(ROWS_PER_CHUNK, table.num_rows, ROWS_PER_CHUNK):
        part = table.slice(start, ROWS_PER_CHUNK)
        chunks.append(to_stream(part).to_pybytes())
        size = len(chunks[-1])
        url = f"{chunk_url}{len(chunks) - 1}"
        listed.append({"url": url, "rowCount": part.num_rows, "uncompressedSize": size, "compressedSize": size})
    data = {
        **common,
        "rowtype": rows.rowtype,
        "total": table.num_rows,
        "returned": table.num_rows,
        "queryResultFormat": "arrow",
        "rowsetBase64": b64encode(to_stream(inline)).decode("ascii"),
        **({"chunks": listed} if listed else {}),
    }
    return Answer({"data": data, "success": True}, chunks, table.num_rows)


def answer_counts(rows: Rows, common: dict[str, Any]) -> Answer:
    """DML: the counts as JSON, where clients look for the number of rows affected."""
    columns = [column.to_pylist() for column in rows.table.columns]
    rowset = [[None if value is None else str(value) for value in row] for row in zip(*columns, strict=True)]
    data = {
        **common,
        "rowtype": rows.rowtype,
        "total": len(rowset),
        "returned": len(rowset),
        "queryResultFormat": "json",
        "rowset": rowset,
    }
    affected = sum(int(value or 0) for row in rowset for value in row)
    return Answer({"data": data, "success": True}, rows=affected)


def answer_error(code: str, sql_state: str | None, message: str, query_id: str) -> Answer:
    """A statement that failed."""
    data = {"errorCode": code, "sqlState": sql_state, "queryId": query_id, "internalError": False}
    return Answer({"data": data, "code": code, "message": message, "success": False})


def text_table(names: Iterable[str], rows: Sequence[Sequence[str | None]]) -> pa.Table:
    """The result of a statement that tells texts."""
    return pa.table({name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(names)})


def status_table(text: str = "Statement executed successfully.") -> pa.Table:
    """The result of a statement that only says what it did."""
    return pa.table({"status": [text]})
