"""Files that hold others: zip archives with their members, workbooks (XLSX) with their tabs."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import IO, Any

from flows.extract.input_files import InputFile, RefusedFile

ENDINGS = (".zip", ".xlsx", ".xlsm")
_WORKBOOK = "xl/workbook.xml"  # what every workbook has, and nothing else


def opened_parts(file: InputFile) -> list[InputFile]:
    """The members of a zip archive or the tabs of a workbook as files, or the file itself where it is neither."""
    try:
        with file.open() as content:
            if not zipfile.is_zipfile(content):
                return [file]
            with zipfile.ZipFile(content) as archive:
                members = [(info.filename, info.file_size) for info in archive.infolist() if not info.is_dir()]
                is_workbook = any(name == _WORKBOOK for name, _ in members)
    except (zipfile.BadZipFile, RefusedFile, OSError):
        return [file]
    if is_workbook:
        return _tabs_of(file)
    return [
        replace(
            file,
            label=f"{file.label}!{member}",
            open=_member_opener(file, member),
            path=f"{file.path}!{member}",
            size=size,
            archive=file.label,
        )
        for member, size in members
    ] or [file]


def _member_opener(file: InputFile, member: str) -> Callable[[], IO[bytes]]:
    return lambda: zipfile.ZipFile(file.open()).open(member)


def _tabs_of(file: InputFile) -> list[InputFile]:
    try:
        with _opened_workbook(file) as book:
            names = list(book.sheetnames)
    except RefusedFile as refusal:
        reason = str(refusal)
        return [replace(file, rows=lambda: _refused(reason))]
    return [
        replace(
            file,
            label=f"{file.label}!{name}",
            path=f"{file.path}!{name}",
            archive=file.label,
            rows=partial(_rows_of_tab, file, name),
        )
        for name in names
    ]


def _rows_of_tab(file: InputFile, name: str) -> Iterator[Sequence[Any]]:
    """The values of every row, also of blank ones; a chart has none."""
    with _opened_workbook(file) as book:
        tab = book[name]
        if hasattr(tab, "iter_rows"):
            tab.reset_dimensions()  # what a file says of its size may be wrong, and rows would be left out
            for row in tab.iter_rows(values_only=True):
                yield [_spelled(cell) for cell in row]


def _spelled(cell: Any) -> Any:
    """Text, numbers and truth as they are; times, where a program took the text for one, as the logs spell them."""
    return f"{cell.isoformat(sep=' ')} UTC" if isinstance(cell, datetime) else cell


def _refused(reason: str) -> Iterator[Sequence[Any]]:
    raise RefusedFile(reason)
    yield ()


@contextmanager
def _opened_workbook(file: InputFile) -> Iterator[Any]:
    import openpyxl

    try:
        with file.open() as content, warnings.catch_warnings():
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
