"""DROP DATABASE: fakesnow hands it to DuckDB, which has no such statement."""

from __future__ import annotations

import re

import pyarrow as pa

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error

DROP = re.compile(
    r"""\s*DROP\s+DATABASE\s+(?P<exists>IF\s+EXISTS\s+)?(?P<name>"(?:[^"]|"")+"|[\w$]+)\s*(?:CASCADE|RESTRICT)?\s*;?\s*$""",
    re.IGNORECASE,
)
BOOKKEEPING = (
    ("_fs_tables_ext", "ext_table_catalog"),
    ("_fs_columns_ext", "ext_table_catalog"),
    ("_fs_stages", "database_name"),
    ("_fs_file_formats", "database_name"),
)


def drop_database(statement: str, context: StatementContext) -> pa.Table | None:
    """`DROP DATABASE [IF EXISTS] x`: detach it, delete its file and what the catalogue knows of it."""
    match = DROP.match(statement)
    if match is None:
        return None
    written = match["name"]
    name = written[1:-1].replace('""', '"') if written.startswith('"') else written.upper()
    known = context.duck_conn.execute(
        "SELECT database_name, path FROM duckdb_databases() WHERE NOT internal AND upper(database_name) = upper(?)",
        [name],
    ).fetchone()
    if known is None:
        if match["exists"]:
            return _status("Drop statement executed successfully.")
        message = f"SQL compilation error:\nDatabase '{name}' does not exist or not authorized."
        raise snowflake_error(message, 2003, "02000")
    _leave(context, known[0])
    context.duck_conn.execute(f"""DETACH "{known[0].replace('"', '""')}\"""")
    for file in (context.databases / f"{known[0]}.db", context.databases / f"{known[0]}.db.wal"):
        file.unlink(missing_ok=True)
    for table, column in BOOKKEEPING:
        context.duck_conn.execute(
            f"DELETE FROM _fs_global._fs_information_schema.{table} WHERE upper({column}) = upper(?)", [known[0]]
        )
    return _status(f"{name} successfully dropped.")


def _leave(context: StatementContext, name: str) -> None:
    """Step out of the database; DuckDB does not detach the one a connection is in."""
    if (context.database or "").upper() == name.upper():
        context.duck_conn.execute("USE memory.main")
        connection = context.connection
        connection.database, connection._schema = None, None
        connection.database_set = connection.schema_set = False


def _status(text: str) -> pa.Table:
    return pa.table({"status": [text]})
