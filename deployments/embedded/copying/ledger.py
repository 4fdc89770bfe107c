"""Load history as Snowflake shows it, and what makes a table forget it.

`SELECT * FROM INFORMATION_SCHEMA.LOAD_HISTORY` · `TABLE(INFORMATION_SCHEMA.COPY_HISTORY(TABLE_NAME => 'T', …))`
`TRUNCATE TABLE T` · `CREATE OR REPLACE TABLE T …` · `DROP TABLE T` · `ALTER TABLE T RENAME TO U`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp, parse_one

from deployments.embedded import stages
from deployments.embedded.copying.history import ensure_history, history_table
from deployments.embedded.errors import snowflake_error
from deployments.embedded.scanner import identifier, split_name

if TYPE_CHECKING:
    from deployments.embedded.context import StatementContext

Key = tuple[str, str, str]
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
        CASE status WHEN 'LOADED' THEN 'Loaded' WHEN 'LOAD_FAILED' THEN 'Load failed' ELSE 'Partially loaded' END AS STATUS,
        {database} AS TABLE_CATALOG_NAME, table_schema AS TABLE_SCHEMA_NAME, table_name AS TABLE_NAME
    FROM {history} WHERE table_name = {name}"""


def show_load_history(expression: exp.Expression, context: StatementContext) -> exp.Expression:
    """Replace INFORMATION_SCHEMA.LOAD_HISTORY and COPY_HISTORY by queries of the history that is kept."""
    for table in list(expression.find_all(exp.Table)):
        if table.name.upper() == "LOAD_HISTORY" and table.db.upper() == "INFORMATION_SCHEMA":
            database = table.catalog.upper() or context.database
            _show(table, _LOAD_HISTORY.format(history=_history(context, database)), "LOAD_HISTORY")
    for call in list(expression.find_all(exp.Anonymous)):
        table = call.find_ancestor(exp.TableFromRows, exp.Table)
        if str(call.this).upper() == "COPY_HISTORY" and table is not None:
            _show(table, _copy_history(call, context), "COPY_HISTORY")
    return expression


def forget_loads(expression: exp.Expression, context: StatementContext) -> exp.Expression:
    """Forget what a table had loaded when it is emptied, replaced, dropped or renamed, and the files of its stage."""
    for table in _emptied(expression):
        key = _key(table, context)
        _change(context, key, "DELETE FROM {history} WHERE table_schema = ? AND table_name = ?", list(key[1:]))
        if not isinstance(expression, exp.TruncateTable):
            stages.drop_table_stage(context, key)
    if isinstance(expression, exp.Alter) and expression.args.get("kind") == "TABLE":
        for action in expression.args.get("actions") or []:
            if isinstance(action, exp.AlterRename):
                _rename(_key(expression.this, context), action.this, context)
    if isinstance(expression, exp.Drop | exp.Create) and str(expression.kind).upper() == "SCHEMA":
        _forget_schema(expression, context)
    return expression


def _emptied(expression: exp.Expression) -> list[exp.Table]:
    if isinstance(expression, exp.TruncateTable):
        return [table for table in expression.expressions if isinstance(table, exp.Table)]
    kind = str(expression.args.get("kind") or "").upper()
    if isinstance(expression, exp.Drop) and kind == "TABLE":
        found = expression.args.get("tables") or [expression.this]
        return [table for table in found if isinstance(table, exp.Table)]
    if isinstance(expression, exp.Create) and kind == "TABLE" and expression.args.get("replace"):
        table = expression.find(exp.Table)
        return [table] if table is not None else []
    return []


def _rename(key: Key, to: exp.Table, context: StatementContext) -> None:
    new = _key(to, context)
    sql = "UPDATE {history} SET table_schema = ?, table_name = ? WHERE table_schema = ? AND table_name = ?"
    _change(context, key, sql, [*new[1:], *key[1:]])


def _forget_schema(expression: exp.Expression, context: StatementContext) -> None:
    if isinstance(expression, exp.Create) and not expression.args.get("replace"):
        return
    table = expression.find(exp.Table)
    if table is None or not table.db:
        return
    database = _stored(table.args.get("catalog")) or context.database
    schema = _stored(table.args.get("db"))
    if database and schema:
        _change(context, (database, schema, ""), "DELETE FROM {history} WHERE table_schema = ?", [schema])
        stages.drop_namespace(context, database, schema)


def _change(context: StatementContext, key: Key, sql: str, values: list[Any]) -> None:
    found = context.duck_conn.execute(
        "SELECT DISTINCT database_name, temporary FROM duckdb_tables() WHERE table_name = '_copy_history' "
        "AND (database_name = ? OR temporary)",
        [key[0]],
    ).fetchall()
    for database, temporary in found:
        history = 'temp.main."_copy_history"' if temporary else history_table(database)
        context.duck_conn.execute(sql.format(history=history), values)


def _copy_history(call: exp.Anonymous, context: StatementContext) -> str:
    arguments = {item.this.name.upper(): item.expression for item in call.expressions if isinstance(item, exp.Kwarg)}
    name = arguments.get("TABLE_NAME")
    if name is None or not name.is_string:
        raise snowflake_error("SQL compilation error:\nCOPY_HISTORY requires TABLE_NAME.", 938, "22023")
    key = split_name(name.name, context.database, context.schema or "PUBLIC")
    sql = _COPY_HISTORY.format(
        history=_history(context, key[0]),
        database=exp.Literal.string(key[0]).sql(),
        name=exp.Literal.string(key[2]).sql(),
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


def _show(table: exp.Expression, sql: str, name: str) -> None:
    alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name))
    table.replace(exp.Subquery(this=parse_one(sql, read="snowflake"), alias=alias))


def _key(table: exp.Table, context: StatementContext) -> Key:
    if isinstance(table.this, exp.DynamicIdentifier):
        return split_name(_dynamic_name(table.this, context), context.database, context.schema)
    parts = [_stored(table.args.get("catalog")), _stored(table.args.get("db")), _stored(table.this)]
    return parts[0] or context.database or "", parts[1] or context.schema or "", parts[2]


def _dynamic_name(node: exp.Expression, context: StatementContext) -> str:
    value = node.this
    if isinstance(value, exp.Placeholder) and isinstance(context.params, list) and context.params:
        return str(context.params[0])
    return str(value.name)


def _stored(node: Any) -> str:
    if not isinstance(node, exp.Identifier):
        return ""
    return str(node.this) if node.args.get("quoted") else identifier(str(node.this))
