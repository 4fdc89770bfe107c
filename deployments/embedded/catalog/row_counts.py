"""Exact numbers of rows for SHOW TABLES and INFORMATION_SCHEMA; DuckDB's own estimate counts deleted rows."""

from __future__ import annotations

from deployments.embedded.context import StatementContext
from deployments.embedded.names import quote_literal, quote_path
from deployments.embedded.sql.macros import HOME


def row_counts(context: StatementContext, database: str | None, schema: str | None = None) -> str:
    """A DuckDB map from 'SCHEMA.TABLE' to the table's number of rows.

    Args:
        context: The statement's context.
        database: Count the tables of this database; of every database when None.
        schema: Only of this schema.
    """
    found = context.duck_conn.execute(
        f"SELECT schema, name, held_in, held_as, temporary FROM {HOME}.sf_objects(?) "
        "WHERE kind = 'TABLE' AND (?::VARCHAR IS NULL OR schema = ?)",
        [database, schema, schema],
    ).fetchall()
    if not found:
        return "MAP([]::VARCHAR[], []::BIGINT[])"
    counted = " UNION ALL ".join(
        f"SELECT {quote_literal(f'{held_schema}.{name}')} AS k, (SELECT count(*) FROM "
        f"{quote_path(held_in, 'main' if temporary else held_schema, held_as)}) AS v"
        for held_schema, name, held_in, held_as, temporary in found
    )
    counts = dict(context.duck_conn.execute(counted).fetchall())
    keys, values = ", ".join(quote_literal(key) for key in counts), ", ".join(str(value) for value in counts.values())
    return f"MAP([{keys}], [{values}]::BIGINT[])"
