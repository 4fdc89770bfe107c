"""Frames as files to download."""

from __future__ import annotations

from typing import Any

import pandas as pd

# Spreadsheets run a cell that begins so as a formula, and names and titles are written by strangers.
_BEGINS_OF_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_of(frame: pd.DataFrame) -> str:
    """Return a frame as CSV: times in ISO 8601 (UTC), and a ' before every text that a spreadsheet would run."""
    cells = frame.copy()
    for name in cells.columns:
        if pd.api.types.is_datetime64_any_dtype(cells[name]):
            cells[name] = cells[name].map(lambda moment: "" if pd.isna(moment) else moment.isoformat())
        elif cells[name].dtype == object:
            cells[name] = cells[name].map(escape_formula)
    return cells.to_csv(index=False, lineterminator="\n")


def escape_formula(value: Any) -> Any:
    """Return a cell that no spreadsheet runs; what is no text stays as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_BEGINS_OF_FORMULAS) else value
