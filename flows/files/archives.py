"""Files that hold others: zip archives with their members, workbooks (XLSX) with their tabs."""

from __future__ import annotations

import math
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time
from functools import partial
from typing import IO, Any

from flows.files.file import InputFile, RefusedFile
from flows.files.limits import LIMITS

_MIDNIGHT = time()
_MOST_EXACT = 10**15  # spreadsheets keep 15 digits
ENDINGS = (".zip", ".xlsx", ".xlsm")
_WORKBOOK = "xl/workbook.xml"  # what every workbook has, and nothing else


def open_parts(file: InputFile) -> list[InputFile]:
    """Open a zip archive into its members and a workbook into its tabs; any other file stays itself."""
    if file.fault is not None:
        return [file]
    try:
        with file.open() as content:
            if not zipfile.is_zipfile(content):
                return [file]
            with zipfile.ZipFile(content) as archive:
                members = [info for info in archive.infolist() if not info.is_dir()]
                is_workbook = any(info.filename == _WORKBOOK for info in members)
    except (RefusedFile, OSError):
        return [file]  # refused when it is read
    except Exception as error:  # zipfile raises many kinds for what it cannot read
        return [replace(file, fault=f"is an archive that cannot be read: {type(error).__name__}: {error}")]
    if is_workbook:
        return _list_tabs(file)
    return [
        replace(
            file,
            label=f"{file.label}!{info.filename}",
            open=_make_opener(file, info),
            path=f"{file.path}!{info.filename}",
            size=info.file_size,
            packed=info.compress_size,
            archive=file.label,
        )
        for info in members
    ] or [file]


def _make_opener(file: InputFile, member: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: zipfile.ZipFile(file.open()).open(member)


def _list_tabs(file: InputFile) -> list[InputFile]:
    try:
        with _open_workbook(file) as book:
            names = list(book.sheetnames)
    except RefusedFile as refusal:
        return [replace(file, fault=str(refusal))]
    return [
        replace(
            file,
            label=f"{file.label}!{name}",
            path=f"{file.path}!{name}",
            archive=file.label,
            rows=partial(_read_tab_rows, file, name),
        )
        for name in names
    ]


def _read_tab_rows(file: InputFile, name: str) -> Iterator[Sequence[Any]]:
    """Yield the values of every row, also of blank ones; a chart has none."""
    with _open_workbook(file) as book:
        tab = book[name]
        if hasattr(tab, "iter_rows"):
            tab.reset_dimensions()  # what a file says of its size may be wrong, and rows would be left out
            for row in tab.iter_rows(values_only=True):
                yield [_format_cell(cell) for cell in row]


def _format_cell(cell: Any) -> Any:
    """Return text and truth as they are; days and times, where a program took the text for one, as the logs spell them.

    A whole number is one however the program stores it; of more than 15 digits it has lost some, so that it is shown
    with its exponent, which staging refuses. What is left, such as a time without a day, is text that says it.
    """
    if isinstance(cell, datetime):
        return f"{cell.date()}" if cell.time() == _MIDNIGHT else f"{cell.isoformat(sep=' ')} UTC"
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _format_number(cell)
    return cell if cell is None or isinstance(cell, bool | str) else str(cell)


def _format_number(cell: float) -> Any:
    if not math.isfinite(cell):
        return str(cell)
    if abs(cell) >= _MOST_EXACT:
        return f"{cell:.14E}"
    return int(cell) if cell == int(cell) else cell


@contextmanager
def _open_workbook(file: InputFile) -> Iterator[Any]:
    import openpyxl

    try:
        with file.open() as content, warnings.catch_warnings():
            with zipfile.ZipFile(content) as archive:
                members = archive.infolist()
            LIMITS.get().check(sum(one.file_size for one in members), sum(one.compress_size for one in members))
            content.seek(0)
            warnings.simplefilter("ignore")  # of styles and extensions that only a spreadsheet program needs
            book = openpyxl.load_workbook(content, read_only=True, data_only=True)
            try:
                yield book
            finally:
                book.close()
    except RefusedFile:
        raise
    except Exception as error:
        raise RefusedFile(f"is a workbook that cannot be read: {type(error).__name__}: {error}") from None
