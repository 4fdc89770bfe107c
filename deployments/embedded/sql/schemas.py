"""CREATE SCHEMA and USE: what a session's names without a schema belong to."""

from __future__ import annotations

from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import already_exists, does_not_exist, snowflake_error, unsupported
from deployments.embedded.names import quote_path
from deployments.embedded.sql.plan import Outcome, Plan
from deployments.embedded.sql.rewrites.letter_case import check_target
from deployments.embedded.sql.rewrites.names import full_name, upper_case_unquoted


def create_schema(tree: exp.Create, context: StatementContext) -> Plan:
    """`CREATE [OR REPLACE] SCHEMA [IF NOT EXISTS] s`: the session uses it afterwards."""
    if tree.args.get("clone"):
        raise unsupported("CREATE SCHEMA … CLONE", "Clone its tables.")
    database, schema = _schema_name(tree.this, context)
    check_target(tree, (database, schema), context)
    path = quote_path(database, schema)
    found = schema_exists(database, schema, context)
    if found and tree.args.get("exists"):
        return Plan([], Outcome.STATUS, f"{schema} already exists, statement succeeded.", commits=True)
    if found and not tree.args.get("replace"):
        raise already_exists(schema)
    steps: list[Expr | str] = [f"DROP SCHEMA {path} CASCADE"] if found else []
    status = f"Schema {schema} successfully created."
    return Plan([*steps, f"CREATE SCHEMA {path}"], Outcome.STATUS, status, commits=True, uses=(database, schema))


def drop_schema(tree: exp.Drop, context: StatementContext) -> Plan:
    """`DROP SCHEMA [IF EXISTS] s`, with all that is in it; a session that uses it uses none afterwards."""
    database, schema = _schema_name(tree.args["tables"][0], context)
    check_target(tree, (database, schema), context)
    status = f"{schema} successfully dropped."
    if not schema_exists(database, schema, context):
        if not tree.args.get("exists"):
            raise does_not_exist("Schema", schema)
        return Plan([], Outcome.STATUS, f"Drop statement executed successfully ({schema} already dropped).", True)
    is_current = (database, schema) == (context.database, context.schema)
    step = f"DROP SCHEMA {quote_path(database, schema)} CASCADE"
    return Plan([step], Outcome.STATUS, status, commits=True, uses=(database, None) if is_current else None)


def create_sequence(tree: exp.Create, context: StatementContext) -> Plan:
    """`CREATE [OR REPLACE] SEQUENCE [IF NOT EXISTS] s START WITH 1 INCREMENT BY 1`."""
    upper_case_unquoted(tree.this, context)
    name = full_name(tree.this, context)
    check_target(tree, name, context)
    options = tree.find(exp.SequenceProperties)
    sizes = {key: options.args[key].name for key in ("start", "increment") if options and options.args.get(key)}
    words = ("OR REPLACE " if tree.args.get("replace") else "", "IF NOT EXISTS " if tree.args.get("exists") else "")
    step = (
        f"CREATE {words[0]}SEQUENCE {words[1]}{quote_path(*name)} "
        f"START WITH {sizes.get('start', 1)} INCREMENT BY {sizes.get('increment', 1)}"
    )
    return Plan([step], Outcome.STATUS, f"Sequence {name[2]} successfully created.", commits=True)


def drop_sequence(tree: exp.Drop, context: StatementContext) -> Plan:
    """`DROP SEQUENCE [IF EXISTS] s`."""
    table = tree.args["tables"][0]
    upper_case_unquoted(table, context)
    name = full_name(table, context)
    check_target(tree, name, context)
    exists = "IF EXISTS " if tree.args.get("exists") else ""
    return Plan(
        [f"DROP SEQUENCE {exists}{quote_path(*name)}"], Outcome.STATUS, f"{name[2]} successfully dropped.", True
    )


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
