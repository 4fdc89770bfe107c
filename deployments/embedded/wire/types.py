"""DuckDB's result types as Snowflake reports them, and result columns in the form those types are sent in."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

MAX_TEXT = 16777216
MAX_BINARY = 8388608
MAX_INT64 = 2**63 - 1

_KINDS = {
    '"NULL"': "text",
    "BLOB": "binary",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "real",
    "FLOAT": "real",
    "JSON": "variant",
    "TIME": "time",
    "TIMESTAMP": "timestamp_ntz",
    "TIMESTAMP_MS": "timestamp_ntz",
    "TIMESTAMP_NS": "timestamp_ntz",
    "TIMESTAMP_S": "timestamp_ntz",
    "ARRAY": "array",
    "OBJECT": "object",
    "TIMESTAMP WITH TIME ZONE": "timestamp_tz",
    "TIMESTAMP_LTZ": "timestamp_ltz",
    "VARIANT": "variant",
}
_INTEGERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$")
_TEXT = re.compile(r"VARCHAR\((\d+)\)")
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")


def column_info(name: str, duckdb_type: str, *, nullable: bool = True) -> dict[str, Any]:
    """One entry of a response's `rowtype`.

    Args:
        name: The result column's name.
        duckdb_type: As DuckDB's DESCRIBE prints it.
        nullable: Whether NULL can occur.
    """
    info: dict[str, Any] = {
        "name": name,
        "database": "",
        "schema": "",
        "table": "",
        "nullable": nullable,
        "type": _kind(duckdb_type),
        "byteLength": None,
        "length": None,
        "scale": None,
        "precision": None,
        "collation": None,
    }
    if decimal := _DECIMAL.match(duckdb_type):
        info |= {"precision": int(decimal[1]), "scale": int(decimal[2])}
    elif info["type"] == "fixed":
        info |= {"precision": 38, "scale": 0}
    elif info["type"] == "text":
        length = int(sized[1]) if (sized := _TEXT.match(duckdb_type)) else MAX_TEXT
        info |= {"byteLength": min(4 * length, MAX_TEXT), "length": length}
    elif info["type"] == "binary":
        info |= {"byteLength": MAX_BINARY, "length": MAX_BINARY}
    elif info["type"].startswith("time"):
        info |= {"precision": 0, "scale": 9}
    return info


def _kind(duckdb_type: str) -> str:
    if duckdb_type.endswith("]"):
        return "array"
    if duckdb_type.startswith(("STRUCT", "MAP", "UNION")):
        return "object"
    if duckdb_type.startswith("DECIMAL") or _INTEGERS.match(duckdb_type):
        return "fixed"
    return _KINDS.get(duckdb_type, "text")


def sendable(table: pa.Table, types: Sequence[str]) -> pa.Table:
    """Bring columns whose DuckDB type Snowflake does not know into the form Snowflake sends.

    Lists, structs and maps become JSON text; whole numbers wider than 64 bits become 64-bit where every value fits, as
    Snowflake does; other types become text.

    Args:
        table: The result as DuckDB gave it.
        types: DuckDB's type of each column.
    """
    columns = [_sendable_column(column, kind) for column, kind in zip(table.columns, types, strict=True)]
    if all(new is old for new, old in zip(columns, table.columns, strict=True)):
        return table
    return pa.Table.from_arrays(columns, names=table.column_names)


def _sendable_column(column: pa.ChunkedArray, duckdb_type: str) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_nested(kind):
        return pa.chunked_array([[None if v is None else json.dumps(v, default=str) for v in column.to_pylist()]])
    if pa.types.is_decimal(kind) and kind.scale == 0:
        return _narrow(column)
    if pa.types.is_interval(kind):
        return pa.chunked_array([[None if v is None else str(v) for v in column.to_pylist()]], pa.string())
    return column


def _narrow(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """64-bit integers where every value fits."""
    if len(column) == column.null_count:
        return column.cast(pa.int64())
    bounds = pc.min_max(column).as_py()
    if bounds["min"] >= -MAX_INT64 and bounds["max"] <= MAX_INT64:
        return column.cast(pa.int64())
    return column
