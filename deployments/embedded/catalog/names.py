"""Names in statements that handlers read themselves."""

from __future__ import annotations

import re

import pyarrow as pa

from deployments.embedded.context import StatementContext

IDENTIFIER = r'(?:"(?:[^"]|"")+"|[A-Za-z_][\w$]*)'
QUALIFIED = rf"{IDENTIFIER}(?:\.{IDENTIFIER}){{0,2}}"
_PART = re.compile(IDENTIFIER)


def parts(name: str) -> list[str]:
    """The parts of a dotted name as Snowflake stores them."""
    return [p[1:-1].replace('""', '"') if p.startswith('"') else p.upper() for p in _PART.findall(name)]


def qualified(name: str, context: StatementContext) -> tuple[str, str, str]:
    """Database, schema and name, the session's where the name does not say."""
    given = parts(name)
    database, schema, last = ([context.database or "", context.schema or ""] + given)[-3:] if len(given) < 3 else given
    return (context.database or "", given[0], given[1]) if len(given) == 2 else (database, schema, last)


def said(text: str) -> pa.Table:
    """The result of a statement that only says what it did."""
    return pa.table({"status": [text]})


def quoted(text: str | None) -> str:
    """A DuckDB literal."""
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'
