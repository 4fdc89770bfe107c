"""Rows of a delimited file, with Snowflake's rules for quotes, escapes, empty fields and NULLs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import pyarrow as pa
import pyarrow.compute as pc

from deployments.embedded.stages.files.file_format import FileFormat
from deployments.embedded.stages.files.rows import COLUMN_COUNT_ERROR, CSV_ERROR, FileRows, RowError

Record = tuple[list[str | None], int]  # its fields and the line on which it begins
_NEWLINES = (None, "\n", "\r\n", "\r")


@dataclass(frozen=True)
class _Dialect:
    delimiter: str | None
    record_delimiter: str | None
    quote: str | None
    escape: str | None
    escape_unenclosed: str | None
    trim: bool
    empty_is_null: bool


def read_csv(text: str, chosen: FileFormat, expected_columns: int | None = None) -> FileRows:
    """The records of a delimited file as columns of text.

    Args:
        text: The file's content.
        chosen: The file format.
        expected_columns: How many columns each record must have, if that is to be checked.
    """
    dialect = _dialect(chosen)
    records, errors = _records(text, dialect)
    header: list[str] | None = None
    if chosen.flag("PARSE_HEADER", False):
        header = [str(name) for name in records[0][0]] if records else []
        records = records[1:]
    else:
        records = records[chosen.number("SKIP_HEADER", 0) :]
    if chosen.flag("SKIP_BLANK_LINES", False):
        records = [record for record in records if len(record[0]) > 1 or (record[0][0] or "").strip()]
    if header is not None and expected_columns is not None:
        expected_columns = len(header)
    if expected_columns is not None and chosen.flag("ERROR_ON_COLUMN_COUNT_MISMATCH", True):
        errors += _wrong_counts(records, expected_columns)
    return _rows(records, errors, chosen, header)


def _dialect(chosen: FileFormat) -> _Dialect:
    return _Dialect(
        delimiter=chosen.text("FIELD_DELIMITER", ","),
        record_delimiter=chosen.text("RECORD_DELIMITER", None),
        quote=chosen.text("FIELD_OPTIONALLY_ENCLOSED_BY", None),
        escape=chosen.text("ESCAPE", None),
        escape_unenclosed=chosen.text("ESCAPE_UNENCLOSED_FIELD", "\\"),
        trim=chosen.flag("TRIM_SPACE", False),
        empty_is_null=chosen.flag("EMPTY_FIELD_AS_NULL", True),
    )


def _records(text: str, dialect: _Dialect) -> tuple[list[Record], list[RowError]]:
    if text and _is_plain(text, dialect):
        return _read_plain(text, dialect), []
    errors: list[RowError] = []
    return list(_scan(text, dialect, errors)), errors


def _is_plain(text: str, dialect: _Dialect) -> bool:
    """Whether the csv module reads it the same way: no escapes, and no field that is quoted and empty."""
    escapes = [escape for escape in (dialect.escape, dialect.escape_unenclosed) if escape]
    if len(dialect.delimiter or "") != 1 or dialect.record_delimiter not in _NEWLINES or dialect.trim:
        return False
    if any(escape in text for escape in escapes):
        return False
    return dialect.quote is None or (dialect.quote * 2 not in text and text.count(dialect.quote) % 2 == 0)


def _read_plain(text: str, dialect: _Dialect) -> list[Record]:
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=str(dialect.delimiter),
        quotechar=dialect.quote,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
    )
    limit = csv.field_size_limit(2**30)
    try:
        records: list[Record] = []
        line = 1
        for fields in reader:
            records.append(([*fields] if fields else [""], line))
            line = reader.line_num + 1
        return _with_nulls(records) if dialect.empty_is_null else records
    finally:
        csv.field_size_limit(limit)


def _with_nulls(records: list[Record]) -> list[Record]:
    return [([field or None for field in fields] if "" in fields else fields, line) for fields, line in records]


def _scan(text: str, dialect: _Dialect, errors: list[RowError]) -> Iterator[Record]:
    pattern, ends = _pattern(dialect), _ends(dialect)
    at, line, counted, row = 0, 1, 0, 0
    while at < len(text):
        row += 1
        line, counted = line + text.count("\n", counted, at), at
        fields: list[str | None] = []
        while True:
            match = pattern.match(text, at)
            if match is None:
                errors.append(_unreadable(text, at, line, row, dialect))
                rest = ends.search(text, at)
                at = rest.end() if rest else len(text)
                break
            fields.append(_field(match, dialect))
            at = match.end()
            if match["end"] != dialect.delimiter:
                yield fields, line
                break


def _pattern(dialect: _Dialect) -> re.Pattern[str]:
    delimiter = re.escape(dialect.delimiter) if dialect.delimiter else r"(?!)"
    stop = _stop(dialect)
    space = r"[ \t]*" if dialect.trim else ""
    escape = dialect.escape_unenclosed or dialect.escape
    escaped = f"{re.escape(escape)}(?s:.)|" if escape else ""
    plain = f"(?P<plain>(?:{escaped}(?!{delimiter}|{stop})(?s:.))*)"
    end = f"(?P<end>{delimiter}|{stop}|\\Z)"
    if not dialect.quote:
        return re.compile(plain + end)
    quote = re.escape(dialect.quote)
    inner_escape = f"{re.escape(dialect.escape)}(?s:.)|" if dialect.escape else ""
    enclosed = f"{space}{quote}(?P<enclosed>(?:{inner_escape}{quote}{quote}|(?!{quote})(?s:.))*){quote}{space}"
    return re.compile(f"(?:{enclosed}|(?!{space}{quote}){plain}){end}")


def _stop(dialect: _Dialect) -> str:
    return r"\r\n|\n|\r" if dialect.record_delimiter in _NEWLINES else re.escape(str(dialect.record_delimiter))


def _ends(dialect: _Dialect) -> re.Pattern[str]:
    return re.compile(_stop(dialect))


def _field(match: re.Match[str], dialect: _Dialect) -> str | None:
    enclosed = match.groupdict().get("enclosed")
    if enclosed is not None:
        value = enclosed.replace(str(dialect.quote) * 2, str(dialect.quote))
        return _unescape(value, dialect.escape) if dialect.escape else value
    value = match["plain"]
    if dialect.trim:
        value = value.strip(" \t")
    if value == "" and dialect.empty_is_null:
        return None
    escape = dialect.escape_unenclosed or dialect.escape
    return value if not escape or value == "\\N" else _unescape(value, escape)


def _unescape(value: str, escape: str) -> str:
    if escape not in value:
        return value
    known = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}
    return re.sub(re.escape(escape) + "(.)", lambda match: known.get(match[1], match[1]), value, flags=re.DOTALL)


def _unreadable(text: str, at: int, line: int, row: int, dialect: _Dialect) -> RowError:
    start = text.rfind("\n", 0, at) + 1
    closing = text.find(str(dialect.quote), at + 1)
    found = text[closing + 1 : closing + 2]
    reason = (
        f"Found character '{found}' instead of field delimiter '{dialect.delimiter}'"
        if closing >= 0 and found
        else "A field that is opened with a quote is not closed"
    )
    return RowError(reason, row, line, at - start + 1, code=CSV_ERROR)


def _wrong_counts(records: list[Record], expected: int) -> list[RowError]:
    return [
        RowError(
            f"Number of columns in file ({len(fields)}) does not match that of the corresponding table ({expected}), "
            "use file format option error_on_column_count_mismatch=false to ignore this error",
            0,
            line,
            1,
            code=COLUMN_COUNT_ERROR,
        )
        for fields, line in records
        if len(fields) != expected
    ]


def _rows(records: list[Record], errors: list[RowError], chosen: FileFormat, header: list[str] | None) -> FileRows:
    refused = {error.line: error for error in errors}
    lines = sorted({line for _, line in records} | {error.line or 0 for error in errors}) if refused else []
    row_of = {line: row for row, line in enumerate(lines, start=1)}
    good = [record for record in records if record[1] not in refused] if refused else records
    numbers = [row_of[line] for _, line in good] if refused else range(1, len(good) + 1)
    columns = [_column(values, chosen) for values in zip_longest(*(fields for fields, _ in good))]
    renumbered = [
        RowError(error.message, row_of[error.line or 0], error.line, error.character, error.column, error.code)
        for error in sorted(refused.values(), key=lambda error: error.line or 0)
    ]
    return FileRows(columns, pa.array(numbers, pa.int64()), renumbered, header)


def _column(values: tuple[str | None, ...], chosen: FileFormat) -> pa.Array:
    column = pa.array(values, pa.string())
    if nulls := chosen.nulls:
        column = pc.if_else(pc.is_in(column, value_set=pa.array(nulls, pa.string())), None, column)
    return column
