"""Pipes: a COPY that is kept, and runs for the files that REFRESH puts into its queue.

`CREATE PIPE P AUTO_INGEST = FALSE AS COPY INTO T FROM @S/in`, `ALTER PIPE P REFRESH PREFIX = '2026/11/'`,
`ALTER PIPE P SET PIPE_EXECUTION_PAUSED = TRUE`, `SELECT SYSTEM$PIPE_STATUS('P')`
As in Snowflake a pipe has a history of its own, which goes when the pipe is made anew: REFRESH leaves out what this
pipe and what COPY has loaded, and COPY does not see what a pipe has loaded. The files are loaded before REFRESH
answers; those of a paused pipe wait until it is resumed. No cloud notifies this warehouse of new files.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import already_exists, does_not_exist, snowflake_error, unsupported
from deployments.embedded.names import Key, split_name
from deployments.embedded.scanner import Options, Scanner, is_true, with_params
from deployments.embedded.stages.copy.load import make_copy
from deployments.embedded.stages.copy.load_history import load_history, pipe_history
from deployments.embedded.stages.copy.statement import parse_copy
from deployments.embedded.stages.stage import locate
from deployments.embedded.wire.results import status_table

_CATALOG = "_fs_global._fs_information_schema"
_REFRESHED = timedelta(days=7)
_OPTIONS = {"AUTO_INGEST", "COMMENT"}
_FORBIDDEN = ("FILES", "FORCE", "PURGE", "VALIDATION_MODE", "SIZE_LIMIT", "MATCH_BY_COLUMN_NAME")


def create_pipe(sql: str, context: StatementContext) -> pa.Table:
    """`CREATE [OR REPLACE] PIPE [IF NOT EXISTS] p [AUTO_INGEST = …] [COMMENT = …] AS COPY INTO t FROM @s`."""
    scanner = Scanner(with_params(sql, context.params))
    scanner.expect("CREATE")
    replaces = scanner.take("OR", "REPLACE")
    scanner.expect("PIPE")
    if_not_exists = scanner.take("IF", "NOT", "EXISTS")
    key = split_name(scanner.name(), context.database, context.schema)
    options: Options = {}
    while not scanner.take("AS"):
        name = scanner.next().text.upper()
        scanner.expect("=")
        value = scanner.next()
        options[name] = value.text[1:-1].replace("''", "'") if value.kind == "string" else value.text
    if wrong := sorted(options.keys() - _OPTIONS):
        raise unsupported(f"pipe option {wrong[0]}")
    definition = scanner.sql[scanner.tokens[scanner.at].start :].rstrip().rstrip(";")
    _check(definition, context)
    if _find(context, key) is not None:
        if if_not_exists:
            return status_table(f"{key[2]} already exists, statement succeeded.")
        if not replaces:
            raise already_exists(".".join(key))
    _forget(context, key)
    values = [*key, uuid.uuid4().hex, definition, is_true(options.get("AUTO_INGEST", False)), False]
    with context.duck_conn.cursor() as catalog:
        catalog.execute(
            f"INSERT INTO {_CATALOG}._pipes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [*values, str(options.get("COMMENT", "")), datetime.now(UTC)],
        )
    return status_table(f"Pipe {key[2]} successfully created.")


def alter_pipe(sql: str, context: StatementContext) -> pa.Table:
    """`ALTER PIPE p REFRESH [PREFIX = …] [MODIFIED_AFTER = …]`; `… SET PIPE_EXECUTION_PAUSED = TRUE COMMENT = …`."""
    scanner = Scanner(with_params(sql, context.params))
    scanner.expect("ALTER", "PIPE")
    if_exists = scanner.take("IF", "EXISTS")
    key = split_name(scanner.name(), context.database, context.schema)
    pipe = _find(context, key)
    if pipe is None:
        if if_exists:
            return status_table()
        raise not_found(key)
    is_refresh = scanner.take("REFRESH")
    if not is_refresh:
        scanner.expect("SET")
    options = scanner.options()
    scanner.at_end()
    known = {"PREFIX", "MODIFIED_AFTER"} if is_refresh else {"PIPE_EXECUTION_PAUSED", "COMMENT"}
    if wrong := sorted(options.keys() - known):
        raise unsupported(f"ALTER PIPE option {wrong[0]}")
    return _refresh(context, pipe, options) if is_refresh else _set(context, key, pipe, options)


def drop_pipe(sql: str, context: StatementContext) -> pa.Table:
    """`DROP PIPE [IF EXISTS] p`; what it has loaded stays."""
    scanner = Scanner(with_params(sql, context.params))
    scanner.expect("DROP", "PIPE")
    if_exists = scanner.take("IF", "EXISTS")
    key = split_name(scanner.name(), context.database, context.schema)
    scanner.at_end()
    if _find(context, key) is None:
        if if_exists:
            return status_table(f"Drop statement executed successfully ({key[2]} already dropped).")
        raise not_found(key)
    _forget(context, key)
    return status_table(f"{key[2]} successfully dropped.")


def show_pipe_status(expression: Expr, context: StatementContext) -> Expr:
    """Replace `SYSTEM$PIPE_STATUS('p')` by what it tells."""
    for call in list(expression.find_all(exp.Anonymous)):
        if str(call.this).upper() == "SYSTEM$PIPE_STATUS" and call.expressions:
            key = split_name(Scanner(call.expressions[0].name).name(), context.database, context.schema)
            call.replace(exp.Literal.string(_status(context, key)))
    return expression


def not_found(key: Key) -> Exception:
    """Snowflake's error for a pipe that is not there."""
    return does_not_exist("Pipe", ".".join(key))


def _check(definition: str, context: StatementContext) -> None:
    statement = parse_copy(definition, context)
    for name in _FORBIDDEN:
        if name in statement.options:
            raise snowflake_error(
                f"SQL compilation error:\ninvalid parameter '{name}' of a pipe's COPY.", 1423, "42601"
            )
    locate(statement.stage, context)


def _refresh(context: StatementContext, pipe: dict[str, Any], options: Options) -> pa.Table:
    """Queue the files of the last seven days that neither COPY nor this pipe has loaded, and load what is queued."""
    statement = parse_copy(pipe["definition"], context)
    location = locate(statement.stage, context)
    table = split_name(statement.target, pipe["database_name"], pipe["schema_name"])
    earliest = datetime.now(UTC) - _REFRESHED
    if given := options.get("MODIFIED_AFTER"):
        moment = datetime.fromisoformat(str(given))
        earliest = max(earliest, moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    known = load_history(context, table).find_loaded(context.duck_conn, location.stage.label)
    known |= pipe_history(context, table, pipe["id"]).find_loaded(context.duck_conn, location.stage.label)
    prefix = location.prefix + str(options.get("PREFIX", ""))
    queued = [
        file.name[len(location.prefix) :]
        for file in location.stage.files(prefix)
        if file.name not in known and file.modified >= earliest
    ]
    with context.duck_conn.cursor() as catalog:
        for name in queued:
            catalog.execute(f"INSERT OR IGNORE INTO {_CATALOG}._pipe_queue VALUES (?, ?)", [pipe["id"], name])
    if not pipe["paused"]:
        _load(context, pipe)
    return pa.table({"File": pa.array(queued, pa.string()), "Status": pa.array(["SENT"] * len(queued), pa.string())})


def _set(context: StatementContext, key: Key, pipe: dict[str, Any], options: Options) -> pa.Table:
    paused = is_true(options.get("PIPE_EXECUTION_PAUSED", pipe["paused"]))
    with context.duck_conn.cursor() as catalog:
        catalog.execute(
            f"UPDATE {_CATALOG}._pipes SET paused = ?, comment = ? WHERE id = ?",
            [paused, str(options.get("COMMENT", pipe["comment"])), pipe["id"]],
        )
    if not paused:
        _load(context, pipe)
    return status_table()


def _load(context: StatementContext, pipe: dict[str, Any]) -> None:
    """Run the pipe's COPY for what is in its queue; one file that cannot be read keeps no other one out."""
    queue = f"{_CATALOG}._pipe_queue"
    with context.duck_conn.cursor() as catalog:
        names = [row[0] for row in catalog.execute(f"SELECT file FROM {queue} WHERE id = ?", [pipe["id"]]).fetchall()]
        if not names:
            return
        statement = parse_copy(pipe["definition"], context)
        statement.options["FILES"] = names
        statement.options.setdefault("ON_ERROR", "SKIP_FILE")
        copy = make_copy(statement, context)
        copy.history = pipe_history(context, copy.target.key, pipe["id"])
        copy.run()
        catalog.execute(f"DELETE FROM {queue} WHERE id = ?", [pipe["id"]])


def _status(context: StatementContext, key: Key) -> str:
    pipe = _find(context, key)
    if pipe is None:
        raise not_found(key)
    with context.duck_conn.cursor() as catalog:
        counted = catalog.execute(f"SELECT count(*) FROM {_CATALOG}._pipe_queue WHERE id = ?", [pipe["id"]]).fetchall()
    state = "PAUSED" if pipe["paused"] else "RUNNING"
    return json.dumps({"executionState": state, "pendingFileCount": counted[0][0]})


def _find(context: StatementContext, key: Key) -> dict[str, Any] | None:
    with context.duck_conn.cursor() as catalog:
        found = catalog.execute(
            f"SELECT * FROM {_CATALOG}._pipes WHERE database_name = ? AND schema_name = ? AND name = ?", list(key)
        )
        names = [column[0] for column in found.description or []]
        rows = found.fetchall()
    return dict(zip(names, rows[0], strict=True)) if rows else None


def _forget(context: StatementContext, key: Key) -> None:
    pipe = _find(context, key)
    if pipe is not None:
        with context.duck_conn.cursor() as catalog:
            catalog.execute(f"DELETE FROM {_CATALOG}._pipe_queue WHERE id = ?", [pipe["id"]])
            catalog.execute(f"DELETE FROM {_CATALOG}._pipes WHERE id = ?", [pipe["id"]])


STATEMENTS = {"CREATE PIPE": create_pipe, "ALTER PIPE": alter_pipe, "DROP PIPE": drop_pipe}
