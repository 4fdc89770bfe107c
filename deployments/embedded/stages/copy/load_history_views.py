"""Load history as Snowflake shows it, and what makes a table forget it.

`SELECT * FROM INFORMATION_SCHEMA.LOAD_HISTORY` · `TABLE(INFORMATION_SCHEMA.COPY_HISTORY(TABLE_NAME => 'T', …))`
`TRUNCATE TABLE T` · `CREATE OR REPLACE TABLE T …` · `DROP TABLE T` · `ALTER TABLE T RENAME TO U`
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlglot import Expr, exp, parse_one

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error
from deployments.embedded.names import Key, normalise_name, quote_literal, split_name
from deployments.embedded.sql.rewrites.names import is_temporary
from deployments.embedded.stages import stage as stages
from deployments.embedded.stages.copy.load_history import ensure_history, history_table, pipe_history

_LOAD_HISTORY = """
    SELECT table_schema AS SCHEMA_NAME, stage || '/' || file_name AS FILE_NAME, table_name AS TABLE_NAME,
        last_load_time AS LAST_LOAD_TIME, status AS STATUS, row_count AS ROW_COUNT, row_parsed AS ROW_PARSED,
        first_error_message AS FIRST_ERROR_MESSAGE, first_error_line_number AS FIRST_ERROR_LINE_NUMBER,
        first_error_character_position AS FIRST_ERROR_CHARACTER_POSITION, first_error_col_name AS FIRST_ERROR_COL_NAME,
        error_count AS ERROR_COUNT, error_limit AS ERROR_LIMIT
    FROM {history}"""
_COPY_HISTORY = """
    SELECT file_name AS FILE_NAME, stage AS STAGE_LOCATION, last_load_time AS LAST_LOAD_TIME, row_count AS ROW_COUNT,
        row_parsed AS ROW_PARSED, file_size AS FILE_SIZE, first_error_message AS FIRST_ERROR_MESSAGE,
        first_error_line_number AS FIRST_ERROR_LINE_NUMBER,
        first_error_character_position AS FIRST_ERROR_CHARACTER_POS, first_error_col_name AS FIRST_ERROR_COLUMN_NAME,
        error_count AS ERROR_COUNT, error_limit AS ERROR_LIMIT,
        CASE status WHEN 'LOADED' THEN 'Loaded' WHEN 'LOAD_FAILED' THEN 'Load failed' ELSE 'Partially loaded' END
            AS STATUS,
        {database} AS TABLE_CATALOG_NAME, table_schema AS TABLE_SCHEMA_NAME, table_name AS TABLE_NAME,
        pipe AS PIPE_NAME
    FROM (SELECT *, NULL AS pipe FROM {history} UNION ALL BY NAME SELECT * FROM {pipes})
    WHERE table_name = {name}"""


def show_load_history(expression: Expr, context: StatementContext) -> Expr:
    """Replace INFORMATION_SCHEMA.LOAD_HISTORY and COPY_HISTORY by queries of the history that is kept."""
    for table in list(expression.find_all(exp.Table)):
        if table.name.upper() == "LOAD_HISTORY" and table.db.upper() == "INFORMATION_SCHEMA":
            database = table.catalog.upper() or context.database
            _show(table, _LOAD_HISTORY.format(history=_history(context, database)), "LOAD_HISTORY")
    for call in list(expression.find_all(exp.Anonymous)):
        function = call.find_ancestor(exp.TableFromRows, exp.Table)
        if str(call.this).upper() == "COPY_HISTORY" and function is not None:
            _show(function, _copy_history(call, context), "COPY_HISTORY")
    return expression


@dataclass(frozen=True)
class Forgotten:
    """What load history and stages forget because of one statement.

    Attributes:
        steps: DuckDB statements, to run in the statement's transaction.
        keys: Tables whose stages go when the statement has run.
        schemas: Database and name of schemas whose stages go.
    """

    steps: list[str]
    keys: list[Key]
    schemas: list[tuple[str, str]]

    def remove_stages(self, context: StatementContext) -> None:
        """Remove the files of the tables' stages."""
        for key in self.keys:
            stages.drop_table_stage(context, key)
        for database, schema in self.schemas:
            stages.drop_schema(context, database, schema)


def find_forgotten(expression: Expr, context: StatementContext) -> Forgotten:
    """Find what is forgotten when a table is emptied, replaced, dropped or renamed."""
    if not isinstance(expression, exp.TruncateTable | exp.Drop | exp.Create | exp.Alter):
        return Forgotten([], [], [])
    if schema := _find_dropped_schema(expression, context):
        return Forgotten(_steps(context, schema, "DELETE FROM {history}"), [], [schema])
    keys = [_key(table, context) for table in _find_emptied(expression)]
    if isinstance(expression, exp.Create) and is_temporary(expression):  # hides a stored table, which keeps its own
        keys = [key for key in keys if key in context.session.temporary_tables]
    steps = [step for key in keys for step in _steps(context, key, "DELETE FROM {history}")]
    if isinstance(expression, exp.Alter) and expression.args.get("kind") == "TABLE":
        for action in expression.args.get("actions") or []:
            if isinstance(action, exp.AlterRename):
                new = _key(action.this, context)
                in_schema, name = quote_literal(new[1]), quote_literal(new[2])
                change = f"UPDATE {{history}} SET table_schema = {in_schema}, table_name = {name}"
                steps += _steps(context, _key(expression.this, context), change)
    return Forgotten(steps, [] if isinstance(expression, exp.TruncateTable) else keys, [])


def _find_dropped_schema(expression: Expr, context: StatementContext) -> tuple[str, str] | None:
    """The schema that `DROP SCHEMA` or `CREATE OR REPLACE SCHEMA` empties."""
    is_emptied = isinstance(expression, exp.Drop) or expression.args.get("replace")
    if not is_emptied or str(expression.args.get("kind") or "").upper() != "SCHEMA":
        return None
    table = expression.args["tables"][0] if isinstance(expression, exp.Drop) else expression.this
    parts = [_fold_name(part) for part in table.parts]
    return (parts[-2] if len(parts) > 1 else context.database or ""), parts[-1]


def _find_emptied(expression: Expr) -> list[exp.Table]:
    if isinstance(expression, exp.TruncateTable):
        return [table for table in expression.expressions if isinstance(table, exp.Table)]
    if str(expression.args.get("kind") or "").upper() != "TABLE":
        return []
    if isinstance(expression, exp.Drop):
        found = expression.args.get("tables") or [expression.this]
        return [table for table in found if isinstance(table, exp.Table)]
    if isinstance(expression, exp.Create) and expression.args.get("replace"):
        table = expression.find(exp.Table)
        return [table] if table is not None else []
    return []


def _steps(context: StatementContext, key: Key | tuple[str, str], change: str) -> list[str]:
    """The change of a table's history, or of a whole schema's."""
    in_session = key in context.session.temporary_tables
    if in_session and not context.session.has_temporary_history:
        return []
    found = context.duck_conn.execute(
        "SELECT 1 FROM duckdb_tables() WHERE table_name = '_copy_history' AND "
        + ("temporary" if in_session else "database_name = ?"),
        [] if in_session else [key[0]],
    ).fetchall()
    history = 'temp.main."_copy_history"' if in_session else history_table(key[0])
    where = f"WHERE table_schema = {quote_literal(key[1])}"
    if len(key) == 3:
        where += f" AND table_name = {quote_literal(key[2])}"
    return [f"{change.format(history=history)} {where}"] if found else []


def _copy_history(call: exp.Anonymous, context: StatementContext) -> str:
    arguments = {item.this.name.upper(): item.expression for item in call.expressions if isinstance(item, exp.Kwarg)}
    name = arguments.get("TABLE_NAME")
    if name is None or not name.is_string:
        raise snowflake_error("SQL compilation error:\nCOPY_HISTORY requires TABLE_NAME.", 938, "22023")
    key = split_name(name.name, context.database, context.schema or "PUBLIC")
    sql = _COPY_HISTORY.format(
        history=_history(context, key[0]),
        pipes=pipe_history(context, key, "").table,
        database=quote_literal(key[0]),
        name=quote_literal(key[2]),
    )
    for argument, sign in (("START_TIME", ">="), ("END_TIME", "<=")):
        if argument in arguments:
            sql += f" AND last_load_time {sign} {arguments[argument].sql(dialect='snowflake')}::TIMESTAMP_TZ"
    return sql


def _history(context: StatementContext, database: str | None) -> str:
    if database is None:
        raise snowflake_error("This session does not have a current database. Call 'USE DATABASE'.", 90105, "22000")
    ensure_history(context.duck_conn, database)
    return history_table(database)


def _show(table: Expr, sql: str, name: str) -> None:
    alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name))
    table.replace(exp.Subquery(this=parse_one(sql, read="snowflake"), alias=alias))


def _key(table: exp.Table, context: StatementContext) -> Key:
    if isinstance(table.this, exp.DynamicIdentifier):
        return split_name(table.this.this.name, context.database, context.schema)
    parts = [_fold_name(table.args.get("catalog")), _fold_name(table.args.get("db")), _fold_name(table.this)]
    return parts[0] or context.database or "", parts[1] or context.schema or "", parts[2]


def _fold_name(node: Any) -> str:
    if not isinstance(node, exp.Identifier):
        return ""
    return str(node.this) if node.args.get("quoted") else normalise_name(str(node.this))
