"""Ask the warehouse for the value of many expressions at once and tell which are not as Snowflake documents them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection


def wrong_answers(connection: SnowflakeConnection, expected: dict[str, Any], source: str = "") -> dict[str, Any]:
    """The expressions whose value or Python type is not the expected one, with what came instead."""
    row = connection.cursor().execute(f"SELECT {', '.join(expected)} {source}").fetchone()
    assert row is not None
    return {
        expression: value
        for (expression, wanted), value in zip(expected.items(), row, strict=True)
        if value != wanted or type(value) is not type(wanted)
    }


def rows(connection: SnowflakeConnection, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a statement."""
    return list(connection.cursor().execute(statement).fetchall())


def one(connection: SnowflakeConnection, statement: str) -> Any:
    """The first value of a statement's first row."""
    return rows(connection, statement)[0][0]
