"""SHOW of databases, schemas, tables, views, columns and what is kept beside them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
from sqlglot import exp

from deployments.embedded.catalog.row_counts import row_counts
from deployments.embedded.context import StatementContext
from deployments.embedded.errors import unsupported
from deployments.embedded.kept.tables import CATALOG
from deployments.embedded.names import like_pattern, normalise_name, quote_literal
from deployments.embedded.sql.macros import HOME
from deployments.embedded.wire.results import text_table

_LIKE = re.compile(r"\bLIKE\s+'((?:[^']|'')*)'", re.IGNORECASE)
_IN_SCHEMA = re.compile(r"\bIN\s+(?:SCHEMA\s+)?([A-Za-z_0-9$.]+)", re.IGNORECASE)
_TEXTS = ("like", "starts_with")
_CREATED = "NULL::TIMESTAMPTZ AS created_on"
_KEY_COLUMNS = (
    *("created_on", "database_name", "schema_name", "table_name", "column_name", "key_sequence", "constraint_name"),
    *("rely", "comment", "pk_database_name", "pk_schema_name", "pk_table_name", "pk_column_name", "fk_database_name"),
    *("fk_schema_name", "fk_table_name", "fk_column_name", "update_rule", "delete_rule", "fk_name", "pk_name"),
    "deferrability",
)
_FUNCTION_COLUMNS = (
    *("created_on", "name", "schema_name", "is_builtin", "is_aggregate", "is_ansi", "min_num_arguments"),
    *("max_num_arguments", "arguments", "description", "catalog_name", "is_table_function", "valid_for_clustering"),
    *("is_secure", "secrets", "external_access_integrations", "is_external_function", "language", "is_memoizable"),
    "is_data_metric",
)


@dataclass(frozen=True)
class _Scope:
    """Where SHOW looks and what it lets through."""

    database: str | None
    schema: str | None
    table: str | None = None
    like: str | None = None
    starts: str | None = None
    limit: str = ""

    def filters(self, name: str) -> str:
        """Conditions on the name."""
        like = f" AND {name} ILIKE {quote_literal(self.like)} ESCAPE '\\'" if self.like else ""
        starts = f" AND starts_with({name}, {quote_literal(self.starts)})" if self.starts else ""
        return like + starts

    def within(self, schema: str = "schema") -> str:
        """Condition on the schema."""
        return f" AND {schema} = {quote_literal(self.schema)}" if self.schema else ""

    def inside(self) -> str:
        """Conditions on database, schema and name, of what is kept beside the databases."""
        there = f"database_name = {quote_literal(self.database)}" if self.database else "TRUE"
        return there + self.within("schema_name") + self.filters("name")


def show(tree: exp.Show, context: StatementContext) -> pa.Table:
    """`SHOW [TERSE] TABLES [LIKE '…'] [IN SCHEMA s] [STARTS WITH '…'] [LIMIT n]` and its like."""
    what = tree.name.upper()
    if what.endswith("KEYS"):
        return text_table(_KEY_COLUMNS, [])  # none are kept, because Snowflake does not enforce them
    if what not in _SHOWN:
        raise unsupported(f"SHOW {what}")
    texts = {name: found.name if isinstance(found := tree.args.get(name), exp.Literal) else None for name in _TEXTS}
    limit = tree.args.get("limit")
    place = _place(tree, context)
    like = texts["like"] and texts["like"].replace("\\\\", "\\")
    return _SHOWN[what](
        _Scope(*place, like, texts["starts_with"], f" LIMIT {limit.expression.name}" if limit else ""), context
    )


def show_by_name(rest: str, context: StatementContext) -> pa.Table:
    """`SHOW PARAMETERS LIKE '…' IN SESSION`, `SHOW USER FUNCTIONS IN DB.SCHEMA`: what the parser has no word for."""
    words = rest.upper().split()
    if words and words[0] == "PARAMETERS":
        like = _LIKE.search(rest)
        return _show_parameters(like[1] if like else "%", context)
    if words and words[0] == "PIPES":
        return _show_pipes(rest, context)
    if words and words[0] in {"USER", "EXTERNAL"}:
        words.pop(0)
    if words and words[0] in {"FUNCTIONS", "PROCEDURES"}:
        return text_table(_FUNCTION_COLUMNS, [])  # there are none of one's own
    raise unsupported(f"SHOW {' '.join(words[:2])}")


def _place(tree: exp.Show, context: StatementContext) -> tuple[str | None, str | None, str | None]:
    """Database, schema and table that SHOW looks into, the session's where it does not say."""
    kind = str(tree.args.get("scope_kind") or "")
    scope = tree.args.get("scope")
    names = [normalise_name(part.sql("snowflake")) for part in scope.parts] if isinstance(scope, exp.Table) else []
    if kind == "ACCOUNT":
        return None, None, None
    if kind == "DATABASE":
        return (names[-1] if names else context.database), None, None
    if tree.name.upper() == "COLUMNS" and kind in {"TABLE", "VIEW"} and names:
        database, schema, table = ([context.database, context.schema, *names])[-3:]
        return database, schema, table
    if not names:
        return context.database, context.schema, None
    return (names[-2] if len(names) > 1 else context.database), names[-1], None


def _show_tables(scope: _Scope, context: StatementContext) -> pa.Table:
    counts = f"({row_counts(context, scope.database, scope.schema)})"
    return context.run(f"""
        SELECT {_CREATED}, name, catalog AS database_name, schema AS schema_name,
            CASE WHEN temporary THEN 'TEMPORARY' WHEN kept_as <> '' THEN kept_as ELSE 'TABLE' END AS kind,
            coalesce(comment, '') AS comment, cluster_by,
            {counts}[schema || '.' || name] AS rows, 0::BIGINT AS bytes, 'SYSADMIN' AS owner, '1' AS retention_time,
            if(cluster_by <> '', 'ON', 'OFF') AS automatic_clustering, 'OFF' AS change_tracking, 'N' AS is_external,
            'N' AS enable_schema_evolution, 'ROLE' AS owner_role_type, 'N' AS is_event, NULL::VARCHAR AS budget,
            'N' AS is_hybrid, 'N' AS is_iceberg, 'N' AS is_dynamic, 'N' AS is_immutable
        FROM {HOME}.sf_objects({quote_literal(scope.database)})
        WHERE kind = 'TABLE'{scope.within()}{scope.filters("name")} ORDER BY 3, 4, 2{scope.limit}""")


def _show_views(scope: _Scope, context: StatementContext) -> pa.Table:
    return context.run(f"""
        SELECT {_CREATED}, name, '' AS reserved, catalog AS database_name, schema AS schema_name,
            'SYSADMIN' AS owner, coalesce(comment, '') AS comment, {HOME}.sf_view_text(sql) AS text,
            'false' AS is_secure, 'false' AS is_materialized, 'ROLE' AS owner_role_type, 'OFF' AS change_tracking
        FROM {HOME}.sf_objects({quote_literal(scope.database)})
        WHERE kind = 'VIEW'{scope.within()}{scope.filters("name")} ORDER BY 4, 5, 2{scope.limit}""")


def _show_objects(scope: _Scope, context: StatementContext) -> pa.Table:
    counts = f"({row_counts(context, scope.database, scope.schema)})"
    return context.run(f"""
        SELECT {_CREATED}, name, catalog AS database_name, schema AS schema_name, kind,
            coalesce(comment, '') AS comment, cluster_by,
            {counts}[schema || '.' || name] AS rows, 0::BIGINT AS bytes, 'SYSADMIN' AS owner,
            '1' AS retention_time, 'ROLE' AS owner_role_type, NULL::VARCHAR AS budget, 'N' AS is_hybrid,
            'N' AS is_dynamic, 'N' AS is_iceberg
        FROM {HOME}.sf_objects({quote_literal(scope.database)})
        WHERE TRUE{scope.within()}{scope.filters("name")} ORDER BY 3, 4, 2{scope.limit}""")


def _show_schemas(scope: _Scope, context: StatementContext) -> pa.Table:
    current = quote_literal(context.schema)
    return context.run(f"""
        SELECT {_CREATED}, "SCHEMA_NAME" AS name, 'N' AS is_default,
            CASE WHEN "SCHEMA_NAME" = {current} THEN 'Y' ELSE 'N' END AS is_current,
            "CATALOG_NAME" AS database_name, 'SYSADMIN' AS owner, coalesce("COMMENT", '') AS comment,
            '' AS options, '1' AS retention_time, 'ROLE' AS owner_role_type
        FROM {HOME}.sf_information_schemata({quote_literal(scope.database)})
        WHERE TRUE{scope.filters('"SCHEMA_NAME"')} ORDER BY 5, 2{scope.limit}""")


def _show_databases(scope: _Scope, context: StatementContext) -> pa.Table:
    current = quote_literal(context.database)
    return context.run(f"""
        SELECT {_CREATED}, "DATABASE_NAME" AS name, 'N' AS is_default,
            CASE WHEN "DATABASE_NAME" = {current} THEN 'Y' ELSE 'N' END AS is_current, '' AS origin,
            'SYSADMIN' AS owner, coalesce("COMMENT", '') AS comment, '' AS options, '1' AS retention_time,
            'STANDARD' AS kind
        FROM {HOME}.sf_information_databases(NULL)
        WHERE TRUE{scope.filters('"DATABASE_NAME"')} ORDER BY 2{scope.limit}""")


def _show_columns(scope: _Scope, context: StatementContext) -> pa.Table:
    table = f" AND table_name = {quote_literal(scope.table)}" if scope.table else ""
    word = f"{HOME}.sf_type_word(data_type, word)"
    return context.run(f"""
        SELECT table_name, schema AS schema_name, column_name,
            CAST(CASE {word}
            WHEN 'NUMBER' THEN json_object('type', 'FIXED', 'precision', {HOME}.sf_precision(data_type),
                'scale', {HOME}.sf_scale(data_type), 'nullable', is_nullable)
            WHEN 'TEXT' THEN json_object('type', 'TEXT', 'length', coalesce(length, 16777216),
                'byteLength', least(coalesce(length * 4, 16777216), 16777216), 'nullable', is_nullable, 'fixed', FALSE)
            WHEN 'BINARY' THEN json_object('type', 'BINARY', 'length', 8388608, 'byteLength', 8388608,
                'nullable', is_nullable, 'fixed', TRUE)
            WHEN 'FLOAT' THEN json_object('type', 'REAL', 'nullable', is_nullable)
            ELSE CASE WHEN data_type LIKE 'TIME%'
                THEN json_object('type', {word}, 'precision', 0, 'scale', 9, 'nullable', is_nullable)
                ELSE json_object('type', {word}, 'nullable', is_nullable) END END AS VARCHAR) AS data_type,
            CASE WHEN is_nullable THEN 'true' ELSE 'false' END AS "null?", coalesce(column_default, '') AS "default",
            'COLUMN' AS kind, '' AS expression, coalesce(comment, '') AS comment, catalog AS database_name,
            '' AS autoincrement, NULL::VARCHAR AS schema_evolution_record
        FROM {HOME}.sf_columns({quote_literal(scope.database)})
        WHERE TRUE{scope.within()}{table}{scope.filters("column_name")}
        ORDER BY catalog, schema, table_name, position{scope.limit}""")


def _show_parameters(like: str, context: StatementContext) -> pa.Table:
    known = {"AUTOCOMMIT": True, "QUERY_TAG": "", "TIMEZONE": "UTC"} | context.session.parameters
    rows = [
        (name, str(value).lower() if isinstance(value, bool) else str(value), "", "SESSION", "", "STRING")
        for name, value in sorted(known.items())
        if like_pattern(like).fullmatch(name)
    ]
    return text_table(("key", "value", "default", "level", "description", "type"), rows)


def _show_stages(scope: _Scope, context: StatementContext) -> pa.Table:
    return context.run(f"SELECT * FROM {CATALOG}._fs_stages WHERE {scope.inside()} ORDER BY 3, 4, 2{scope.limit}")


def _show_file_formats(scope: _Scope, context: StatementContext) -> pa.Table:
    return context.run(f"""
        SELECT created_on, name, database_name, schema_name, type, 'SYSADMIN' AS owner, comment,
            options AS format_options, 'ROLE' AS owner_role_type
        FROM {CATALOG}._fs_file_formats WHERE {scope.inside()} ORDER BY 3, 4, 2{scope.limit}""")


def _show_pipes(rest: str, context: StatementContext) -> pa.Table:
    """`SHOW PIPES [LIKE '…'] [IN SCHEMA db.s]`."""
    like, place = _LIKE.search(rest), _IN_SCHEMA.search(rest)
    names: list[str | None] = [normalise_name(name) for name in place[1].split(".")] if place else []
    database, schema = [context.database, context.schema][: max(0, 2 - len(names))] + names[-2:]
    scope = _Scope(database, schema, like=like[1].replace("\\\\", "\\") if like else None)
    return context.run(f"""
        SELECT created_on, name, database_name, schema_name, definition, 'SYSADMIN' AS owner,
            NULL::VARCHAR AS notification_channel, comment, NULL::VARCHAR AS integration, NULL::VARCHAR AS pattern,
            NULL::VARCHAR AS error_integration, 'ROLE' AS owner_role_type, NULL::VARCHAR AS invalid_reason,
            'STAGE' AS kind
        FROM {CATALOG}._pipes WHERE {scope.inside()} ORDER BY 3, 4, 2""")


def _show_sequences(scope: _Scope, context: StatementContext) -> pa.Table:
    return context.run(f"""
        SELECT sequence_name AS name, database_name, schema_name, start_value AS next_value,
            increment_by AS "interval", {_CREATED}, 'SYSADMIN' AS owner, coalesce(comment, '') AS comment,
            'ROLE' AS owner_role_type, 'Y' AS ordered
        FROM (SELECT *, sequence_name AS name FROM duckdb_sequences()) AS s
        WHERE {scope.inside()} AND name NOT LIKE '\\_numbers\\_%' ESCAPE '\\' ORDER BY 2, 3, 1{scope.limit}""")


_SHOWN: dict[str, Callable[[_Scope, StatementContext], pa.Table]] = {
    "TABLES": _show_tables,
    "VIEWS": _show_views,
    "OBJECTS": _show_objects,
    "SCHEMAS": _show_schemas,
    "DATABASES": _show_databases,
    "COLUMNS": _show_columns,
    "STAGES": _show_stages,
    "FILE FORMATS": _show_file_formats,
    "SEQUENCES": _show_sequences,
}
