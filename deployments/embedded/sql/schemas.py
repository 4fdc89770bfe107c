"""CREATE SCHEMA and USE: what a session's names without a schema belong to."""

from __future__ import annotations

from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.process.databases import identifier
from deployments.embedded.sql.plan import Outcome, Plan
from deployments.embedded.sql.rewrites.names import upper_case_unquoted


def create_schema(tree: exp.Create, context: StatementContext) -> Plan:
    """`CREATE [OR REPLACE] SCHEMA [IF NOT EXISTS] s`: the session uses it afterwards."""
    if tree.args.get("clone"):
        raise unsupported("CREATE SCHEMA … CLONE", "Clone its tables.")
    database, schema = _schema_name(tree.this, context)
    path = f"{identifier(database)}.{identifier(schema)}"
    found = schema_exists(database, schema, context)
    if found and tree.args.get("exists"):
        return Plan([], Outcome.STATUS, f"{schema} already exists, statement succeeded.", commits=True)
    if found and not tree.args.get("replace"):
        raise snowflake_error(f"SQL compilation error:\nObject '{schema}' already exists.", 2002, "42710")
    steps: list[Expr | str] = [f"DROP SCHEMA {path} CASCADE"] if found else []
    status = f"Schema {schema} successfully created."
    return Plan([*steps, f"CREATE SCHEMA {path}"], Outcome.STATUS, status, commits=True, uses=(database, schema))


def use(tree: exp.Use, context: StatementContext) -> Plan:
    """`USE [DATABASE] x`, `USE SCHEMA x.y`; one role and one warehouse are all there is."""
    kind = str(tree.args.get("kind") or "DATABASE").upper()
    if kind not in {"DATABASE", "SCHEMA"} or not isinstance(tree.this, exp.Table):
        return Plan([], Outcome.STATUS)
    upper_case_unquoted(tree, context)
    if kind == "DATABASE":
        parts = [part.name for part in tree.this.parts]
        database, schema = (parts[0], parts[1]) if len(parts) > 1 else (parts[0], "PUBLIC")
    else:
        database, schema = _schema_name(tree.this, context)
    known = context.connection.engine.databases.find(database)
    if known is None or not (kind == "DATABASE" or schema_exists(known, schema, context)):
        missing = database if known is None else f"{database}.{schema}"
        message = f"SQL compilation error:\nObject does not exist, or operation cannot be performed: {missing}"
        raise snowflake_error(message, 2043, "02000")
    return Plan([], Outcome.STATUS, uses=(known, schema))


def _schema_name(table: exp.Table, context: StatementContext) -> tuple[str, str]:
    """Database and schema of a reference to a schema."""
    upper_case_unquoted(table, context)
    parts = [part.name for part in table.parts]
    return (parts[-2] if len(parts) > 1 else context.database or "", parts[-1])


def schema_exists(database: str, schema: str, context: StatementContext) -> bool:
    """Whether there is a schema of this name."""
    found = context.duck_conn.execute(
        "SELECT 1 FROM duckdb_schemas() WHERE upper(database_name) = upper(?) AND upper(schema_name) = upper(?)",
        [database, schema],
    )
    return found.fetchone() is not None
