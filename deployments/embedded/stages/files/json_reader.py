"""Rows of a JSON file: one per value, whether values stand one a line, over several lines, or in one outer array."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import orjson
import pyarrow as pa

from deployments.embedded.stages.files.file_format import FileFormat
from deployments.embedded.stages.files.rows import FileRows, RowError

_SPACE = re.compile(r"[ \t\r\n]*")
_LONE_BRACKETS = ("{", "[", "}", "]", "},", "],")
_REASONS = {
    "Expecting ',' delimiter": "missing comma",
    "Expecting ':' delimiter": "missing colon",
    "Expecting property name enclosed in double quotes": "object attribute name is not a quoted string",
    "Unterminated string starting at": "unfinished string",
    "Invalid control character at": "control character in a string",
    "Invalid \\escape": "invalid escape sequence",
    "Extra data": "text after the end of the value",
}

Value = tuple[str, int]  # its text and the line on which it begins


class _RefusedError(ValueError):
    """A value that is JSON for Python and not for Snowflake."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        repeated = next(name for at, (name, _) in enumerate(pairs) if name in dict(pairs[:at]))
        raise _RefusedError(f'duplicate object attribute "{repeated}"')
    return unique


def _constant(name: str) -> Any:
    raise _RefusedError(f'unknown keyword "{name}"')


_STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
_ALLOWING_DUPLICATES = json.JSONDecoder(parse_constant=_constant)


def read_json(text: str, chosen: FileFormat) -> FileRows:
    """The values of a JSON file as text, each checked.

    Args:
        text: The file's content.
        chosen: The file format (STRIP_OUTER_ARRAY, ALLOW_DUPLICATE).
    """
    decoder = _ALLOWING_DUPLICATES if chosen.flag("ALLOW_DUPLICATE", False) else _STRICT
    may_hold_surrogates = "\\ud" in text or "\\uD" in text
    strip = chosen.flag("STRIP_OUTER_ARRAY", False)
    lines = text.split("\n")
    if not strip and all(map(is_plain, filled := [line for line in lines if line])):
        return FileRows([pa.array(filled, pa.string())], pa.array(range(1, len(filled) + 1), pa.int64()), is_plain=True)
    values, errors = _values_of_lines(lines, decoder, may_hold_surrogates)
    if (errors or strip) and (stream := _values_of_stream(text, decoder, strip, may_hold_surrogates)) is not None:
        values, errors = stream, []
    elif errors and not _is_line_delimited(lines, errors):
        values, errors = [], [_first_fault(text, decoder)]
    return _rows(values, errors)


def _rows(values: list[Value], errors: list[RowError]) -> FileRows:
    refused = {error.line: error for error in errors}
    if not refused:
        texts, numbers = [value for value, _ in values], range(1, len(values) + 1)
        return FileRows([pa.array(texts, pa.string())], pa.array(numbers, pa.int64()))
    numbered: list[int] = []
    renumbered: list[RowError] = []
    bad = sorted(errors, key=lambda error: error.line or 0)
    for row, (line, is_bad) in enumerate(
        sorted([(line, False) for _, line in values] + [(error.line or 0, True) for error in bad]), start=1
    ):
        if is_bad:
            error = refused[line]
            renumbered.append(RowError(error.message, row, line, error.character))
        else:
            numbered.append(row)
    return FileRows([pa.array([value for value, _ in values], pa.string())], pa.array(numbered, pa.int64()), renumbered)


def _values_of_lines(
    lines: list[str], decoder: json.JSONDecoder, check_surrogates: bool
) -> tuple[list[Value], list[RowError]]:
    values: list[Value] = []
    errors: list[RowError] = []
    decode = decoder.decode
    for number, line in enumerate(lines, start=1):
        try:
            decoded = decode(line)
            if check_surrogates:
                _refuse_surrogates(decoded)
            values.append((line, number))
        except (ValueError, RecursionError) as error:
            if line.strip():
                errors.append(_error(error, number, line))
    return values, errors


def is_plain(line: str) -> bool:
    """Whether a line is JSON as it is commonly written: read and written again it is the same.

    Then no key stands in it twice, which would be lost, and no number that is not kept exactly. All other lines are
    for the decoder that says what is wrong with them, and takes three times as long.
    """
    try:
        return orjson.dumps(orjson.loads(line)) == line.encode()
    except (ValueError, TypeError):
        return False


def _refuse_surrogates(value: Any) -> None:
    json.dumps(value, ensure_ascii=False).encode()


def _error(error: Exception, number: int, line: str) -> RowError:
    if not isinstance(error, json.JSONDecodeError):
        reason = str(error) if isinstance(error, _RefusedError) else _other_reason(error)
        return RowError(f"Error parsing JSON: {reason}", number, number, 1)
    at_end = error.pos >= len(line.rstrip()) or error.msg.startswith("Unterminated")
    found = line[error.pos : error.pos + 20]
    reason = _REASONS.get(error.msg, f"unexpected text '{found}'" if found else error.msg)
    if at_end and not error.msg.startswith(("Extra", "Invalid")):
        reason = f"the value is cut off ({_REASONS.get(error.msg, 'a value is missing')})"
    return RowError(f"Error parsing JSON: {reason}", number, number, error.pos + 1)


def _other_reason(error: Exception) -> str:
    if isinstance(error, UnicodeEncodeError):
        return "half of a surrogate pair (\\ud800 to \\udfff)"
    return "nested too deep" if isinstance(error, RecursionError) else str(error)


def _values_of_stream(text: str, decoder: json.JSONDecoder, strip: bool, check_surrogates: bool) -> list[Value] | None:
    try:
        values = list(_stream(text, decoder, strip))
        for value, _ in values if check_surrogates else ():
            _refuse_surrogates(json.loads(value))
        return values
    except (ValueError, RecursionError):
        return None


def _stream(text: str, decoder: json.JSONDecoder, strip: bool) -> Iterator[Value]:
    at, line, counted = _skip(text, 0), 1, 0
    while at < len(text):
        if strip and text[at] == "[":
            yield from _elements(text, at, decoder)
            at = decoder.raw_decode(text, at)[1]
        else:
            line, counted = line + text.count("\n", counted, at), at
            _, end = decoder.raw_decode(text, at)
            yield text[at:end], line
            at = end
        at = _skip(text, at)


def _elements(text: str, at: int, decoder: json.JSONDecoder) -> Iterator[Value]:
    at, line, counted = _skip(text, at + 1), 1, 0
    while text[at] != "]":
        line, counted = line + text.count("\n", counted, at), at
        _, end = decoder.raw_decode(text, at)
        yield text[at:end], line
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _is_line_delimited(lines: list[str], errors: list[RowError]) -> bool:
    # One value a line with some of them broken, or values over several lines that break somewhere? In the second kind
    # brackets stand alone on their lines; in the first, something still reads, or all lines begin as values do.
    refused = {error.line for error in errors}
    written = [(number, stripped) for number, line in enumerate(lines, start=1) if (stripped := line.strip())]
    if any(line in _LONE_BRACKETS for _, line in written):
        return False
    opens = [line.startswith(("{", "[")) for _, line in written]
    return all(opens) or any(
        is_open and number not in refused for is_open, (number, _) in zip(opens, written, strict=True)
    )


def _first_fault(text: str, decoder: json.JSONDecoder) -> RowError:
    at = _skip(text, 0)
    row = 1
    while at < len(text):
        try:
            at = _skip(text, decoder.raw_decode(text, at)[1])
        except json.JSONDecodeError as error:
            line = text.split("\n")[error.lineno - 1]
            fault = _error(json.JSONDecodeError(error.msg, line, error.colno - 1), error.lineno, line)
            return RowError(fault.message, row, error.lineno, error.colno)
        except (ValueError, RecursionError) as error:
            line_number = text.count("\n", 0, at) + 1
            return RowError(_error(error, line_number, "").message, row, line_number, 1)
        row += 1
    return RowError("Error parsing JSON: unreadable", row, 1, 1)
