"""SHOW and DESCRIBE of databases, schemas, tables, views and columns."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from deployments.embedded.catalog.names import QUALIFIED, parts, qualified, quoted
from deployments.embedded.catalog.row_counts import row_counts
from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error
from deployments.embedded.sql.macros import HOME

_SHOW = re.compile(
    rf"""\s*SHOW\s+(?:TERSE\s+)?(?P<what>OBJECTS|TABLES|VIEWS|SCHEMAS|DATABASES|COLUMNS|PARAMETERS
        |(?:USER\s+|EXTERNAL\s+)?FUNCTIONS|(?:USER\s+)?PROCEDURES)(?:\s+HISTORY)?
    (?:\s+LIKE\s+'(?P<like>(?:[^']|'')*)')?
    (?:\s+(?:IN|FOR)\s+(?P<kind>ACCOUNT|SESSION|DATABASE|SCHEMA|TABLE|VIEW)?\s*
        (?P<where>{QUALIFIED})?)?
    (?:\s+LIKE\s+'(?P<like_after>(?:[^']|'')*)')?
    (?:\s+STARTS\s+WITH\s+'(?P<starts>(?:[^']|'')*)')?
    (?:\s+LIMIT\s+(?P<limit>\d+)(?:\s+FROM\s+'[^']*')?)?\s*;?\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
_KEYS = re.compile(r"\s*SHOW\s+(?:TERSE\s+)?(?:PRIMARY|UNIQUE|IMPORTED|EXPORTED)\s+KEYS\b", re.IGNORECASE)
_DESCRIBE = re.compile(
    rf"\s*DESC(?:RIBE)?\s+(?:TABLE|VIEW)\s+(?P<name>{QUALIFIED})(?:\s+TYPE\s*=\s*COLUMNS)?\s*;?\s*$", re.IGNORECASE
)
_CREATED = "NULL::TIMESTAMPTZ AS created_on"
_KEY_COLUMNS = [
    "created_on",
    "database_name",
    "schema_name",
    "table_name",
    "column_name",
    "key_sequence",
    "constraint_name",
    "rely",
    "comment",
    "pk_database_name",
    "pk_schema_name",
    "pk_table_name",
    "pk_column_name",
    "fk_database_name",
    "fk_schema_name",
    "fk_table_name",
    "fk_column_name",
    "update_rule",
    "delete_rule",
    "fk_name",
    "pk_name",
    "deferrability",
]
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
    table: str | None
    like: str | None
    starts: str | None
    limit: str | None

    def filters(self, name: str) -> str:
        """Conditions on the name, the limit, and the order."""
        like = f" AND {name} ILIKE {quoted(self.like)} ESCAPE '\\'" if self.like else ""
        starts = f" AND starts_with({name}, {quoted(self.starts)})" if self.starts else ""
        return like + starts

    def within(self) -> str:
        """Conditions on the schema and the table."""
        return f" AND schema = {quoted(self.schema)}" if self.schema else ""

    @property
    def last(self) -> str:
        """The LIMIT clause."""
        return f" LIMIT {self.limit}" if self.limit else ""


def _scope(match: re.Match[str], context: StatementContext) -> _Scope:
    kind = (match["kind"] or "").upper()
    names = parts(match["where"] or "")
    database, schema, table = context.database, context.schema, None
    if kind == "ACCOUNT":
        database = schema = None
    elif kind == "DATABASE":
        database, schema = (names[-1] if names else database), None
    elif kind in {"TABLE", "VIEW"} and names:
        database, schema, table = qualified(match["where"], context)
    elif names:
        database, schema = (names[-2] if len(names) > 1 else database), names[-1]
    like = match["like"] if match["like"] is not None else match["like_after"]
    return _Scope(database, schema, table, like and like.replace("\\\\", "\\"), match["starts"], match["limit"])


def show(statement: str, context: StatementContext) -> pa.Table | None:
    """`SHOW [TERSE] TABLES [LIKE '…'] [IN SCHEMA s] [STARTS WITH '…'] [LIMIT n]` and its like."""
    match = _SHOW.match(statement)
    if match is None:
        return _no_keys() if _KEYS.match(statement) else None
    what = match["what"].upper().split()[-1]
    return _SHOWN[what](_scope(match, context), context)


def _no_keys() -> pa.Table:
    """`SHOW PRIMARY KEYS IN SCHEMA …`: none are kept, because Snowflake does not enforce them."""
    return pa.table({name: pa.array([], pa.string()) for name in _KEY_COLUMNS})


def _show_tables(scope: _Scope, context: StatementContext) -> pa.Table:
    counts = f"({row_counts(context, scope.database, scope.schema)})"
    return context.run(f"""
        SELECT {_CREATED}, name, catalog AS database_name, schema AS schema_name,
            CASE WHEN temporary THEN 'TEMPORARY' ELSE 'TABLE' END AS kind, coalesce(comment, '') AS comment,
            '' AS cluster_by, {counts}[schema || '.' || name] AS rows, 0::BIGINT AS bytes, 'SYSADMIN' AS owner,
            '1' AS retention_time, 'OFF' AS automatic_clustering, 'OFF' AS change_tracking, 'N' AS is_external,
            'N' AS enable_schema_evolution, 'ROLE' AS owner_role_type, 'N' AS is_event, NULL::VARCHAR AS budget,
            'N' AS is_hybrid, 'N' AS is_iceberg, 'N' AS is_dynamic, 'N' AS is_immutable
        FROM {HOME}.sf_objects({quoted(scope.database)})
        WHERE kind = 'TABLE'{scope.within()}{scope.filters("name")} ORDER BY 3, 4, 2{scope.last}""")


def _show_views(scope: _Scope, context: StatementContext) -> pa.Table:
    return context.run(f"""
        SELECT {_CREATED}, name, '' AS reserved, catalog AS database_name, schema AS schema_name,
            'SYSADMIN' AS owner, coalesce(comment, '') AS comment, sql AS text, 'false' AS is_secure,
            'false' AS is_materialized, 'ROLE' AS owner_role_type, 'OFF' AS change_tracking
        FROM {HOME}.sf_objects({quoted(scope.database)})
        WHERE kind = 'VIEW'{scope.within()}{scope.filters("name")} ORDER BY 4, 5, 2{scope.last}""")


def _show_objects(scope: _Scope, context: StatementContext) -> pa.Table:
    counts = f"({row_counts(context, scope.database, scope.schema)})"
    return context.run(f"""
        SELECT {_CREATED}, name, catalog AS database_name, schema AS schema_name, kind,
            coalesce(comment, '') AS comment, '' AS cluster_by,
            {counts}[schema || '.' || name] AS rows, 0::BIGINT AS bytes, 'SYSADMIN' AS owner,
            '1' AS retention_time, 'ROLE' AS owner_role_type, NULL::VARCHAR AS budget, 'N' AS is_hybrid,
            'N' AS is_dynamic, 'N' AS is_iceberg
        FROM {HOME}.sf_objects({quoted(scope.database)})
        WHERE TRUE{scope.within()}{scope.filters("name")} ORDER BY 3, 4, 2{scope.last}""")


def _show_schemas(scope: _Scope, context: StatementContext) -> pa.Table:
    current = quoted(context.schema)
    return context.run(f"""
        SELECT {_CREATED}, "SCHEMA_NAME" AS name, 'N' AS is_default,
            CASE WHEN "SCHEMA_NAME" = {current} THEN 'Y' ELSE 'N' END AS is_current,
            "CATALOG_NAME" AS database_name, 'SYSADMIN' AS owner, coalesce("COMMENT", '') AS comment,
            '' AS options, '1' AS retention_time, 'ROLE' AS owner_role_type
        FROM {HOME}.sf_information_schemata({quoted(scope.database)})
        WHERE TRUE{scope.filters('"SCHEMA_NAME"')} ORDER BY 5, 2{scope.last}""")


def _show_databases(scope: _Scope, context: StatementContext) -> pa.Table:
    current = quoted(context.database)
    return context.run(f"""
        SELECT {_CREATED}, "DATABASE_NAME" AS name, 'N' AS is_default,
            CASE WHEN "DATABASE_NAME" = {current} THEN 'Y' ELSE 'N' END AS is_current, '' AS origin,
            'SYSADMIN' AS owner, coalesce("COMMENT", '') AS comment, '' AS options, '1' AS retention_time,
            'STANDARD' AS kind
        FROM {HOME}.sf_information_databases(NULL)
        WHERE TRUE{scope.filters('"DATABASE_NAME"')} ORDER BY 2{scope.last}""")


def _show_columns(scope: _Scope, context: StatementContext) -> pa.Table:
    table = f" AND table_name = {quoted(scope.table)}" if scope.table else ""
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
        FROM {HOME}.sf_columns({quoted(scope.database)})
        WHERE TRUE{scope.within()}{table}{scope.filters("column_name")}
        ORDER BY catalog, schema, table_name, position{scope.last}""")


def _show_functions(scope: _Scope, context: StatementContext) -> pa.Table:
    """`SHOW USER FUNCTIONS IN DB.SCHEMA`, PROCEDURES: there are none of one's own."""
    return pa.table({name: pa.array([], pa.string()) for name in _FUNCTION_COLUMNS})


def _show_parameters(scope: _Scope, context: StatementContext) -> pa.Table:
    known = {"AUTOCOMMIT": True, "QUERY_TAG": "", "TIMEZONE": "UTC"} | context.session.parameters
    pattern = re.escape(scope.like or "%").replace("%", ".*").replace("_", ".")
    names = sorted(name for name in known if re.fullmatch(pattern, name, re.IGNORECASE))
    words = [str(known[name]).lower() if isinstance(known[name], bool) else str(known[name]) for name in names]
    columns = {"key": names, "value": words, "default": [""] * len(names), "level": ["SESSION"] * len(names)}
    columns |= {"description": [""] * len(names), "type": ["STRING"] * len(names)}
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


_SHOWN: dict[str, Callable[[_Scope, StatementContext], pa.Table]] = {
    "TABLES": _show_tables,
    "VIEWS": _show_views,
    "OBJECTS": _show_objects,
    "SCHEMAS": _show_schemas,
    "DATABASES": _show_databases,
    "COLUMNS": _show_columns,
    "PARAMETERS": _show_parameters,
    "FUNCTIONS": _show_functions,
    "PROCEDURES": _show_functions,
}


def describe_table(statement: str, context: StatementContext) -> pa.Table | None:
    """`DESCRIBE TABLE t` and `DESC VIEW v`."""
    match = _DESCRIBE.match(statement)
    if match is None:
        return None
    database, schema, name = qualified(match["name"], context)
    described = context.run(f"""
        SELECT column_name AS name, {HOME}.sf_type_name(data_type, length, word) AS type, 'COLUMN' AS kind,
            CASE WHEN is_nullable THEN 'Y' ELSE 'N' END AS "null?", column_default AS "default",
            'N' AS "primary key", 'N' AS "unique key", NULL::VARCHAR AS "check", NULL::VARCHAR AS expression,
            comment, NULL::VARCHAR AS "policy name", NULL::VARCHAR AS "privacy domain"
        FROM {HOME}.sf_columns({quoted(database)})
        WHERE schema = {quoted(schema)} AND table_name = {quoted(name)} ORDER BY position""")
    if described.num_rows == 0:
        message = f"SQL compilation error:\nTable '{name}' does not exist or not authorized."
        raise snowflake_error(message, 2003, "42S02")
    return described
