"""Values as SQL writes them, for the few statements that are text."""

from __future__ import annotations


def quote_text(text: str | None) -> str:
    """Return a text as a literal, NULL for none."""
    return "NULL" if text is None else "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
