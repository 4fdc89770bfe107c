"""Arrow columns in the form in which Snowflake sends them, which the connector decodes by the field's metadata."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

UNITS_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
UTC_OFFSET_CODE = 1440


def to_wire(table: pa.Table, rowtype: list[dict[str, Any]]) -> pa.Table:
    """The table as it goes to the client.

    Args:
        table: The result's values.
        rowtype: The result's column types, as the response states them.
    """
    columns = [_column(column, info) for column, info in zip(table.columns, rowtype, strict=True)]
    fields = [
        pa.field(info["name"], column.type, metadata=_metadata(info))
        for column, info in zip(columns, rowtype, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def to_stream(table: pa.Table) -> pa.Buffer:
    """The table as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _metadata(info: dict[str, Any]) -> dict[str, str]:
    return {
        "logicalType": info["type"].upper(),
        "precision": str(info["precision"] or 38),
        "scale": str(info["scale"] or 0),
        "charLength": str(info["length"] or 0),
    }


def _column(column: pa.ChunkedArray, info: dict[str, Any]) -> pa.Array | pa.ChunkedArray:
    kind = column.type
    if pa.types.is_timestamp(kind):
        return pa.chunked_array([_timestamps(chunk, info["type"]) for chunk in column.chunks], _struct(info["type"]))
    if pa.types.is_time(kind):
        return pc.multiply(column.cast(pa.int64()), 1_000_000_000 // UNITS_PER_SECOND[kind.unit])
    if pa.types.is_null(kind):
        return column.cast(pa.string())
    if pa.types.is_uint64(kind):
        return column.cast(pa.int64())
    return column


def _struct(snowflake_type: str) -> pa.DataType:
    fields = [("epoch", pa.int64()), ("fraction", pa.int32())]
    if snowflake_type == "timestamp_tz":
        fields.append(("timezone", pa.int32()))
    return pa.struct(fields)


def _timestamps(moments: pa.Array, snowflake_type: str) -> pa.StructArray:
    """Seconds since the epoch, nanoseconds within the second, and for a zoned one the offset, which is always UTC."""
    per_second = UNITS_PER_SECOND[moments.type.unit]
    counts = moments.cast(pa.int64())
    seconds = pc.divide(pc.subtract(counts, _positive_remainder(counts, per_second)), per_second)
    nanoseconds = pc.multiply(_positive_remainder(counts, per_second), 1_000_000_000 // per_second)
    parts = [seconds, nanoseconds.cast(pa.int32())]
    if snowflake_type == "timestamp_tz":
        parts.append(pa.repeat(pa.scalar(UTC_OFFSET_CODE, pa.int32()), len(moments)))
    mask = moments.is_null() if moments.null_count else None
    return pa.StructArray.from_arrays(parts, fields=list(_struct(snowflake_type)), mask=mask)


def _positive_remainder(counts: pa.Array, divisor: int) -> pa.Array:
    """Remainder between 0 and the divisor; Arrow's division rounds towards zero."""
    remainder = pc.subtract(counts, pc.multiply(pc.divide(counts, divisor), divisor))
    return pc.if_else(pc.less(remainder, 0), pc.add(remainder, divisor), remainder)
