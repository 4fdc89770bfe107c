"""What a table or a view has for columns: DESCRIBE, and GET_DDL."""

from __future__ import annotations

import pyarrow as pa
from sqlglot import exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import does_not_exist, unsupported
from deployments.embedded.names import quote_literal, split_name
from deployments.embedded.sql.macros import HOME
from deployments.embedded.sql.rewrites.names import resolve_named_tables


def describe_table(tree: exp.Describe, context: StatementContext) -> pa.Table:
    """`DESCRIBE TABLE t` and `DESC VIEW v`."""
    resolve_named_tables(tree, context)
    kind = str(tree.args.get("kind") or "TABLE").upper()
    if kind not in {"TABLE", "VIEW"} or not isinstance(tree.this, exp.Table):
        raise unsupported(f"DESCRIBE {kind if kind not in {'TABLE', 'VIEW'} else 'of a query'}")
    place = split_name(tree.this.sql("snowflake"), context.database, context.schema)
    described = describe_columns(place, context)
    if described.num_rows == 0:
        raise does_not_exist("Table", place[-1], "42S02")
    return described


def describe_columns(place: tuple[str, str, str], context: StatementContext) -> pa.Table:
    """Describe each column of a table or a view as DESCRIBE does, in order; no row where there is none of that name."""
    database, schema, name = place
    return context.run(f"""
        SELECT column_name AS name, {HOME}.sf_type_name(data_type, length, word) AS type, 'COLUMN' AS kind,
            CASE WHEN is_nullable THEN 'Y' ELSE 'N' END AS "null?", column_default AS "default",
            'N' AS "primary key", 'N' AS "unique key", NULL::VARCHAR AS "check", NULL::VARCHAR AS expression,
            comment, NULL::VARCHAR AS "policy name", NULL::VARCHAR AS "privacy domain"
        FROM {HOME}.sf_columns({quote_literal(database)})
        WHERE schema = {quote_literal(schema)} AND table_name = {quote_literal(name)} ORDER BY position""")
