"""How the command line speaks: one line per step, tables, CSV and JSON, one line per error."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

from expectations.engine.printable import printable
from flows.errors import ConfigError
from flows.reporting import Mark, report_to

_MARKS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "failed": "[red]✗[/]", "skipped": "[dim]·[/]"}
_WIDTH = 34
# A file or a program takes lines of any length.
_WIDE = 100_000
_TWO_DECIMALS_FROM = 10  # smaller numbers are often shares: they are shown with four decimals


def console(*, stderr: bool = False) -> Console:
    """Standard output, or error; colours and movement only where it is a terminal."""
    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Print one line of text as it is."""
    console().print(_escape_text(text))


def say_error(text: str) -> None:
    """Print one line on standard error."""
    console(stderr=True).print(f"[red]snowcast:[/] {_escape_text(' '.join(text.split()))}")


def point_at(text: str, start: int, length: int) -> None:
    """Print the line of a text that holds a place (from `start` on) on standard error, and carets under that place.

    Wide characters take two columns of a terminal, and combining ones none.
    """
    begin = text.rfind("\n", 0, start) + 1
    line = text[begin:].split("\n", 1)[0].replace("\t", " ")
    place = start - begin
    before, marked = _escape_text(line[:place]), _escape_text(line[place : place + length])
    display = console(stderr=True)
    display.print(_escape_text(line))
    display.print(" " * cell_len(before) + "^" * max(cell_len(marked), 1))


class TerminalReporter:
    """One line per finished step; what is under way moves below them, on a terminal only."""

    def __init__(self) -> None:
        self._console = console()
        self._status: Status | None = None

    def show_progress(self, step: str, detail: str) -> None:
        """Show what is under way."""
        if self._console.is_terminal:
            if self._status is None:
                self._status = self._console.status("")
                self._status.start()
            self._status.update(f"{_escape_text(step)}: {_escape_text(detail)}")

    def show_result(self, step: str, detail: str, mark: Mark = "ok") -> None:
        """Print the step's line."""
        self._console.print(f"{_MARKS[mark]} {_escape_text(step):<{_WIDTH}} {_escape_text(detail)}")

    def close(self) -> None:
        """Take the moving line away."""
        if self._status:
            self._status.stop()
            self._status = None


@contextmanager
def report_to_terminal() -> Iterator[TerminalReporter]:
    """Report the steps of the block to the terminal."""
    reporter = TerminalReporter()
    report_to(reporter)
    try:
        yield reporter
    finally:
        reporter.close()


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]], form: str) -> None:
    """Print a result as table, csv or json."""
    if form == "json":
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif form == "csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(["" if value is None else plain(value) for value in row] for row in rows)
        sys.stdout.write(printable(text.getvalue()) if sys.stdout.isatty() else text.getvalue())
    else:
        table = Table(show_edge=False, header_style="bold")
        for position, name in enumerate(columns):
            numbers = [row[position] for row in rows if row[position] is not None]
            numeric = bool(numbers) and all(isinstance(value, int | float | Decimal) for value in numbers)
            table.add_column(_escape_text(name), justify="right" if numeric else "left", overflow="fold")
        for row in rows:
            table.add_row(*[_escape_text(_format_value(value)) for value in row])
        Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE).print(table)
        say(f"{len(rows):,} row{'' if len(rows) == 1 else 's'}")


def print_json(value: Any) -> None:
    """Print a value as JSON, for programs; on a terminal nothing in it moves the cursor."""
    text = json.dumps(value, indent=2, ensure_ascii=sys.stdout.isatty(), default=plain)
    sys.stdout.write(text.replace("\x7f", "\\u007f") + "\n")


def plain(value: Any) -> Any:
    """Return a value as JSON and CSV have it: times in ISO 8601, exact numbers as numbers where they fit."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes | bytearray):
        return value.hex()
    return value if isinstance(value, bool | int | float | str) else str(value)


def _escape_text(text: str) -> str:
    """Return text of others for rich: it neither styles anything nor moves the cursor."""
    return escape(printable(text))


def _format_value(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= _TWO_DECIMALS_FROM else f"{value:.4f}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value)


Json = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]


class Form(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def parse_time(text: str, option: str) -> datetime:
    """Return the time that an option states, in UTC.

    Raises:
        ConfigError: It is no ISO 8601 time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option} {text!r} is no time. Expected ISO 8601, e.g. 2026-11-21T04:15:00Z.") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
