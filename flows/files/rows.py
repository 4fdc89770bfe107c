"""Rows of CSV files and tabs as people and programs write them, by the header that names their cells.

The delimiter is that of the header: comma, semicolon, tab or pipe, or what Excel's `sep=;` says. Where nothing is lost
it takes blanks around names, blank lines and a title above the header, columns without a name, CR line ends, a Ctrl-Z
at the end. A cell under a column without a name is kept as `column_<number>`.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from flows.files.file import Header, Note, RefusedFile, UnrecognisedFile

MARK = b"\xef\xbb\xbf"
_DELIMITERS = (",", ";", "\t", "|")
_SEPARATOR = re.compile(r'"?sep=(.)"?\s*')
_SHOWN = 40
_LOOKED_AT = 10  # lines in which a header is looked for
_END_OF_TEXT = b"\x1a"  # as DOS programs end a file
csv.field_size_limit(16 * 1024 * 1024)

# The declared names of a header's cells, and whether a source knows what a file with such names holds.
Naming = Callable[[Sequence[str]], tuple[list[str], bool]]


def as_they_are(names: Sequence[str]) -> tuple[list[str], bool]:
    """Return the naming of a source that declares no names."""
    return list(names), True


def read_csv(lines: Iterator[bytes], naming: Naming) -> Iterator[Any]:
    """Yield the header, then rows as it names them; one of another length is a list, for staging to refuse.

    Args:
        lines: UTF-8, without a byte order mark.
        naming: What the names are declared as.

    Raises:
        RefusedFile: It is no CSV, or cut off.
    """
    decoded = (line.decode() for line in _normalise_line_ends(lines))
    above = list(islice(decoded, _LOOKED_AT))
    begin, delimiter = _find_header(above, naming)
    written = _split_cells(above[begin], delimiter)
    is_spaced = len(written) > 1 and all(cell.startswith(" ") for cell in written[1:])  # written as "a, b, c"
    rows = csv.reader(chain(above[begin:], decoded), delimiter=delimiter, strict=True, skipinitialspace=is_spaced)
    try:
        cells = next(rows)
        if len(cells) < 2:
            raise RefusedFile(f"is neither JSON nor CSV with a header; it begins with {above[0].encode()[:_SHOWN]!r}")
        yield from _note_lines_above(above[:begin])
        names = name_columns(cells, naming)
        yield Header(tuple(name for name in names if name))
        yield from _read_rows(rows, names)
    except csv.Error as error:
        cut = "is cut off: its last quoted field has no end" if "unexpected end" in str(error) else ""
        raise RefusedFile(cut or f"is not valid CSV: line {begin + rows.line_num}: {error}") from None


def read_tab(rows: Iterator[Sequence[Any]], naming: Naming) -> Iterator[Any]:
    """Yield the header of a tab, then its rows as it names them; cells that a row lacks at its end are empty.

    Raises:
        UnrecognisedFile: It is empty, or has no header.
        RefusedFile: Its header has two columns of one name.
    """
    above: list[list[Any]] = []
    filled = (cells for cells in map(_strip_empty_end, rows) if cells)
    for cells in islice(filled, _LOOKED_AT):
        above.append(cells)
        if _shows_entity(cells, naming):
            break
    if not above:
        raise UnrecognisedFile("is empty")
    if not _shows_entity(above[-1], naming):
        begin = 0
        if not _is_header(above[0]):
            raise UnrecognisedFile("has no header: its first row has cells that are no text")
    else:
        begin = len(above) - 1
        yield from _note_lines_above([", ".join(map(str, cells)) for cells in above[:-1]])
    names = name_columns(above[begin], naming)
    yield Header(tuple(name for name in names if name))
    yield from _read_cells(chain(above[begin + 1 :], rows), names)


def name_columns(cells: Sequence[str], naming: Naming) -> list[str]:
    """Name a header's columns: as they are declared, '' where a column has no name.

    Raises:
        RefusedFile: Two columns have one name.
    """
    names, is_known = naming([cell.strip() for cell in cells])
    repeated = next((name for name, count in Counter(filter(None, names)).items() if count > 1), None)
    if repeated is not None:
        kind = RefusedFile if is_known else UnrecognisedFile
        raise kind(f"has two columns of one name in its header: {repeated!r}")
    return names


def _normalise_line_ends(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the lines, split where a CR alone ends them, without a Ctrl-Z at the end of the last."""
    first = next(lines, b"")
    if b"\r" in first.rstrip(b"\r\n").replace(b"\r\n", b""):
        everything = b"".join(chain((first,), lines))
        lines = iter(re.findall(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", everything))
        first = next(lines, b"")
    for following in lines:
        yield first
        first = following
    last = first.rstrip(b"\r\n\x1a") if first.rstrip(b"\r\n").endswith(_END_OF_TEXT) else first
    if last:
        yield last


def _find_header(above: Sequence[str], naming: Naming) -> tuple[int, str]:
    """Return which line is the header, and what delimits its cells."""
    stated = _SEPARATOR.fullmatch(above[0].rstrip("\r\n")) if above else None
    candidates = (stated[1],) if stated else _DELIMITERS
    for number, line in enumerate(above):
        for delimiter in candidates:
            cells = _split_cells(line, delimiter)
            if len(cells) > 1 and naming([cell.strip() for cell in cells])[1]:
                return number, delimiter
    begin = 1 if stated and len(above) > 1 else 0
    best = max(candidates, key=lambda delimiter: len(_split_cells(above[begin], delimiter)))
    return begin, best


def _split_cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _note_lines_above(lines: Sequence[str]) -> Iterator[Note]:
    """Yield what stands above the header: a title is left out, rows with several cells may be data.

    Raises:
        RefusedFile: There are such rows.
    """
    titles = [line.strip() for line in lines if line.strip(' \t\r\n,;|"') and not _SEPARATOR.fullmatch(line.strip())]
    several = next((title for title in titles if sum(map(bool, re.split(r"[,;\t|]", title))) > 1), None)
    if several is not None:
        raise RefusedFile(
            f"has rows above its header (first: {several[:_SHOWN]!r}). Delete what stands above the header"
        )
    if titles:
        display = titles[0].strip(" ,;|\t")[:_SHOWN]
        count = "1 line" if len(titles) == 1 else f"{len(titles)} lines"
        yield Note(f"{count} above the header left out (first: {display})")


def _read_rows(rows: Iterator[list[str]], names: Sequence[str]) -> Iterator[Any]:
    short: list[str] | None = None
    for row in rows:
        if short is not None:
            yield short
            short = None
        record = _make_record(row, names)
        if record is not None:
            yield record
        elif row:
            short = row
    named_count = len(_strip_empty_end(names))
    if short is not None and len(short) < named_count:
        raise RefusedFile(f"is cut off: its last row has {len(short)} of {named_count} fields")
    if short is not None:
        yield short


def _make_record(row: Sequence[str], names: Sequence[str]) -> dict[str, str] | None:
    """Return the row by name; None where it is too short, or has cells beyond the header that hold something."""
    if len(row) != len(names):
        named_count = len(_strip_empty_end(names))
        if len(row) < named_count or any(row[len(names) :]):
            return None
    return _name_cells(row, names)


def _name_cells(row: Sequence[Any], names: Sequence[str]) -> dict[str, Any]:
    pairs = enumerate(zip(names, row, strict=False), start=1)
    return {name or f"column_{number}": cell for number, (name, cell) in pairs if name or cell not in ("", None)}


def _read_cells(rows: Iterator[Sequence[Any]], names: Sequence[str]) -> Iterator[Any]:
    for row in rows:
        cells = _strip_empty_end(row)
        if len(cells) > len(names):
            yield [str(cell) for cell in cells]
        else:
            yield _name_cells([*cells, *[""] * (len(names) - len(cells))], names)


def _shows_entity(cells: Sequence[Any], naming: Naming) -> bool:
    return _is_header(cells) and naming([cell.strip() for cell in cells])[1]


def _is_header(cells: Sequence[Any]) -> bool:
    return len(cells) > 1 and all(isinstance(cell, str) for cell in cells)


def _strip_empty_end(row: Sequence[Any]) -> list[Any]:
    cells = ["" if cell is None else cell for cell in row]
    while cells and cells[-1] == "":
        cells.pop()
    return cells


# What a cell shows whose formula has no value, in Google Sheets and in Excel.
FORMULA_ERRORS = frozenset(
    ("#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#ERROR!", "#SPILL!", "#CALC!", "Loading...")
)


class SheetFindings:
    """Rows on their way from a sheet to their landing file, and what was odd about them."""

    def __init__(self) -> None:
        self._row = 0
        self._blank: list[int] = []
        self._errors: list[str] = []

    def check_items(self, items: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
        """Check the items: blank rows are left out, formula errors become objects, which staging refuses anywhere."""
        for entity, item in items:
            self._row += 1
            if not isinstance(item, dict):  # the header, or a row of another length
                yield entity, item
            elif all(value == "" for value in item.values()):
                self._blank.append(self._row)
            else:
                yield entity, self._mark_errors(item)

    def warnings(self) -> Iterator[str]:
        """Yield what a person should know."""
        if self._blank:
            rows = "row is" if len(self._blank) == 1 else "rows are"
            yield f"{len(self._blank):,} blank {rows} left out (first: row {self._blank[0]})"
        if self._errors:
            cells = "cell holds a formula error" if len(self._errors) == 1 else "cells hold formula errors"
            yield f"{len(self._errors):,} {cells} (first: {self._errors[0]}): staging refuses the rows"

    def _mark_errors(self, record: dict[str, Any]) -> dict[str, Any]:
        wrong = {name: value for name, value in record.items() if isinstance(value, str) and value in FORMULA_ERRORS}
        self._errors += [f"row {self._row}, column {name}: {value}" for name, value in wrong.items()]
        return {**record, **{name: {"formula_error": value} for name, value in wrong.items()}} if wrong else record
