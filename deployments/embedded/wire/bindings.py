"""Values that clients bind to placeholders: as Python values for one row, as an Arrow table for many.

Clients send every value as text and NULL as null: dates as milliseconds and times as nanoseconds since the epoch or
midnight, binary as hexadecimal. A list in which one value is NULL is declared TEXT, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Binding = dict[str, Any]
EPOCH = datetime(1970, 1, 1)
EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
DIGITS = r"^-?\d+$"


def bind_parameters(bindings: dict[str, Binding]) -> list[Any] | dict[str, Any] | None:
    """Bind the values of single bindings: a list for numbered placeholders, a mapping for named ones."""
    if not bindings:
        return None
    if not all(name.isdigit() for name in bindings):
        return {name: bind_value(binding) for name, binding in bindings.items()}
    return [bind_value(bindings[str(position)]) for position in range(1, len(bindings) + 1)]


def bind_value(binding: Binding) -> Any:
    """Bind one value."""
    value = binding["value"]
    return None if value is None else FROM_TEXT.get(binding["type"], str)(value)


def _number(text: str) -> int | Decimal:
    return Decimal(text) if "." in text or "e" in text.lower() else int(text)


def _timestamp_tz(text: str) -> datetime:
    """From "<epoch nanoseconds> <offset in minutes + 1440>"."""
    nanoseconds, _, offset = text.partition(" ")
    moment = EPOCH_UTC + timedelta(microseconds=int(nanoseconds) // 1000)
    return moment.astimezone(timezone(timedelta(minutes=int(offset) - 1440))) if offset else moment


def _time(text: str) -> time:
    return (EPOCH + timedelta(microseconds=int(text) // 1000)).time()


FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "FIXED": _number,
    "REAL": float,
    "BOOLEAN": lambda text: text.lower() == "true",
    "BINARY": bytes.fromhex,
    "DATE": lambda text: (EPOCH + timedelta(milliseconds=int(text))).date(),
    "TIME": _time,
    "TIMESTAMP_NTZ": lambda text: EPOCH + timedelta(microseconds=int(text) // 1000),
    "TIMESTAMP_LTZ": lambda text: EPOCH_UTC + timedelta(microseconds=int(text) // 1000),
    "TIMESTAMP_TZ": _timestamp_tz,
}


def is_batch(bindings: dict[str, Binding]) -> bool:
    """Whether each placeholder carries a list of values, one per row."""
    return any(isinstance(binding["value"], list) for binding in bindings.values())


def bind_rows(bindings: dict[str, Binding]) -> list[list[Any]]:
    """Bind the rows of an array binding."""
    columns = [
        [bind_value({"type": binding["type"], "value": value}) for value in binding["value"]]
        for binding in _in_order(bindings)
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def bind_table(bindings: dict[str, Binding], targets: list[str | None]) -> pa.Table:
    """Bind the rows of an array binding as one Arrow table with the columns P1, P2, ….

    Args:
        bindings: As the client sent them.
        targets: DuckDB type of the column that each placeholder goes to as it is, else None.
    """
    columns = [
        _bind_column(binding["type"], binding["value"], target)
        for binding, target in zip(_in_order(bindings), targets, strict=True)
    ]
    return pa.table({f"P{number}": column for number, column in enumerate(columns, start=1)})


def _in_order(bindings: dict[str, Binding]) -> list[Binding]:
    return [bindings[str(position)] for position in range(1, len(bindings) + 1)]


def _bind_column(declared: str, values: list[str | None], target: str | None) -> pa.Array:
    text = pa.array(values, pa.string())
    if declared in ("TEXT", "ANY") and target and (meant := _interpret_digits(text, target)):
        declared = meant
    convert = TO_ARROW.get(declared)
    return convert(text) if convert else text


def _interpret_digits(text: pa.Array, target: str) -> str | None:
    """Interpret digits in a column of dates or times, where Snowflake reads them as a count since the epoch."""
    meant = DIGIT_TARGETS.get(target)
    if meant is None or text.null_count == len(text):
        return None
    return meant if pc.all(pc.match_substring_regex(text, DIGITS)).as_py() else None


def _integers(text: pa.Array) -> pa.Array:
    """64-bit integers, or the text where a number has a fraction or is larger; DuckDB casts it on insert."""
    try:
        return text.cast(pa.int64())
    except pa.ArrowInvalid:
        return text


def _timestamps(text: pa.Array, zone: str | None = None) -> pa.Array:
    nanoseconds = pc.struct_field(pc.extract_regex(text, r"^(?P<count>-?\d+)"), "count").cast(pa.int64())
    return pc.divide(nanoseconds, 1000).cast(pa.timestamp("us", zone))


TO_ARROW: dict[str, Callable[[pa.Array], pa.Array]] = {
    "FIXED": _integers,
    "REAL": lambda text: text.cast(pa.float64()),
    "BOOLEAN": lambda text: pc.equal(pc.utf8_lower(text), "true"),
    "BINARY": lambda text: pa.array([None if v is None else bytes.fromhex(v) for v in text.to_pylist()], pa.binary()),
    "DATE": lambda text: text.cast(pa.int64()).cast(pa.timestamp("ms")).cast(pa.date32()),
    "TIME": lambda text: pc.divide(text.cast(pa.int64()), 1000).cast(pa.time64("us")),
    "TIMESTAMP_NTZ": _timestamps,
    "TIMESTAMP_LTZ": lambda text: _timestamps(text, "UTC"),
    "TIMESTAMP_TZ": lambda text: _timestamps(text, "UTC"),
}
DIGIT_TARGETS = {
    "DATE": "DATE",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMP_NTZ",
    "TIMESTAMP_NS": "TIMESTAMP_NTZ",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP_TZ",
    "BLOB": "BINARY",
}
