"""How the faults change the tabs of a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from deployments.sandbox.http.faults import FaultRule

Rows = list[list[Any]]


def spoil_tab(name: str, rows: Rows, faults: Mapping[str, FaultRule]) -> Rows:
    """Return the rows of a tab, its header first, with the faults in them; the given ones are not changed."""
    for fault, spoil in _SPOILS.items():
        if fault in faults and faults[fault].tab in ("", name):
            rows = spoil(rows, faults[fault])
    return rows


def _rename_column(rows: Rows, _: FaultRule) -> Rows:
    return [[*rows[0][:-1], f"{rows[0][-1]} (new)"], *rows[1:]]


def _add_column(rows: Rows, _: FaultRule) -> Rows:
    return [[*rows[0], "note"], *([*row, "sandbox"] for row in rows[1:])]


def _add_blanks(rows: Rows, rule: FaultRule) -> Rows:
    blank = [[""] * len(rows[0]) for _ in range(rule.rows)]
    return [*rows[:2], *blank, *rows[2:]]


def _add_errors(rows: Rows, rule: FaultRule) -> Rows:
    broken = [[*row[:-2], "#REF!", row[-1]] for row in rows[1 : 1 + rule.rows]]
    return [rows[0], *broken, *rows[1 + rule.rows :]]


def _cut_rows(rows: Rows, rule: FaultRule) -> Rows:
    return rows[: max(len(rows) - rule.rows, 1)]


_SPOILS: Final[dict[str, Callable[[Rows, FaultRule], Rows]]] = {
    "changed_header": _rename_column,
    "new_column": _add_column,
    "fewer_rows": _cut_rows,
    "formula_errors": _add_errors,
    "blank_rows": _add_blanks,
}
