"""What people and formulas leave in a spreadsheet beside its records: blank rows and formula errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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

    def checked(self, items: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
        """The items without blank rows; a formula error becomes an object, which staging refuses in any column."""
        for entity, item in items:
            self._row += 1
            if not isinstance(item, dict):  # the header, or a row of another length
                yield entity, item
            elif all(value == "" for value in item.values()):
                self._blank.append(self._row)
            else:
                yield entity, self._without_errors(item)

    def warnings(self) -> Iterator[str]:
        """What a person should know."""
        if self._blank:
            rows = "row is" if len(self._blank) == 1 else "rows are"
            yield f"{len(self._blank):,} blank {rows} left out (first: row {self._blank[0]})"
        if self._errors:
            cells = "cell holds a formula error" if len(self._errors) == 1 else "cells hold formula errors"
            yield f"{len(self._errors):,} {cells} (first: {self._errors[0]}): staging refuses the rows"

    def _without_errors(self, record: dict[str, Any]) -> dict[str, Any]:
        wrong = {name: value for name, value in record.items() if isinstance(value, str) and value in FORMULA_ERRORS}
        self._errors += [f"row {self._row}, column {name}: {value}" for name, value in wrong.items()]
        return {**record, **{name: {"formula_error": value} for name, value in wrong.items()}} if wrong else record
