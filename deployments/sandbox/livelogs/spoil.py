"""How the faults change the tabs of a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from deployments.sandbox.http.faults import FaultRule

Rows = list[list[Any]]
_SPOILS: Final[dict[str, Callable[[Rows, FaultRule], Rows]]] = {
    "changed_header": lambda rows, _: [[*rows[0][:-1], f"{rows[0][-1]} (new)"], *rows[1:]],
    "new_column": lambda rows, _: [[*rows[0], "note"], *([*row, "sandbox"] for row in rows[1:])],
    "fewer_rows": lambda rows, rule: rows[: max(len(rows) - rule.rows, 1)],
    "formula_errors": lambda rows, rule: [
        *(rows[0], *([*row[:-2], "#REF!", row[-1]] for row in rows[1 : 1 + rule.rows])),
        *rows[1 + rule.rows :],
    ],
    "blank_rows": lambda rows, rule: [*rows[:2], *([""] * len(rows[0]) for _ in range(rule.rows)), *rows[2:]],
}


def spoil_tab(name: str, rows: Rows, faults: Mapping[str, FaultRule]) -> Rows:
    """Return the rows of a tab, its header first, with the faults in them; the given ones are not changed."""
    for fault, spoil in _SPOILS.items():
        if fault in faults and faults[fault].tab in ("", name):
            rows = spoil(rows, faults[fault])
    return rows
