"""Names and texts: as a client writes them, as Snowflake stores them, as DuckDB reads them."""

from __future__ import annotations

import re

from deployments.embedded.errors import snowflake_error

Key = tuple[str, str, str]
_PART = re.compile(r'"(?:[^"]|"")*"|[^."]+')


def quote_literal(text: str | None) -> str:
    """A text as DuckDB reads it; NULL for none."""
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def quote_identifier(name: str) -> str:
    """A name as DuckDB reads it."""
    return '"' + name.replace('"', '""') + '"'


def quote_path(*names: str) -> str:
    """A dotted name as DuckDB reads it."""
    return ".".join(map(quote_identifier, names))


def normalise_name(text: str) -> str:
    """Normalise a name as Snowflake stores it: in upper case where it was written without quotes."""
    return text[1:-1].replace('""', '"') if text.startswith('"') else text.upper()


def like_pattern(text: str) -> re.Pattern[str]:
    """The pattern of `SHOW … LIKE`, which a name has to match as a whole."""
    return re.compile(re.escape(text).replace("%", ".*").replace("_", "."), re.IGNORECASE)


def split_name(name: str, database: str | None, schema: str | None) -> Key:
    """Database, schema and name in stored form; what the name leaves out comes from the session.

    Raises:
        ProgrammingError: the name leaves out what the session does not have, or has too many parts.
    """
    parts = [normalise_name(part) for part in _PART.findall(name)]
    given = [database, schema][: max(0, 3 - len(parts))] + parts
    if len(given) != 3 or not parts:
        raise snowflake_error(f"SQL compilation error:\nInvalid name '{name}'.", 1003, "42000")
    if given[0] is None:
        raise snowflake_error("This session does not have a current database. Call 'USE DATABASE'.", 90105, "22000")
    if given[1] is None:
        raise snowflake_error("This session does not have a current schema. Call 'USE SCHEMA'.", 90106, "22000")
    return str(given[0]), str(given[1]), str(given[2])
