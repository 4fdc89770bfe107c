"""Values as SQL writes them, for the few statements that are text."""

from __future__ import annotations


def write_literal(value: str | float | None) -> str:
    """Return a text, a number or a truth value as a literal, NULL for none."""
    return repr(value) if isinstance(value, bool | int | float) else quote_text(value)


def quote_text(text: str | None) -> str:
    """Return a text as a literal, NULL for none."""
    return "NULL" if text is None else "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
