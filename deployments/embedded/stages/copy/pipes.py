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
from deployments.embedded.errors import does_not_exist, snowflake_error, unsupported
from deployments.embedded.kept.statements import Head, Kind
from deployments.embedded.kept.tables import KeptTable
from deployments.embedded.names import Key, split_name
from deployments.embedded.scanner import Options, Scanner, is_true
from deployments.embedded.stages.copy.load import make_copy
from deployments.embedded.stages.copy.load_history import load_history, pipe_history
from deployments.embedded.stages.copy.statement import parse_copy
from deployments.embedded.stages.stage import locate
from deployments.embedded.wire.results import status_table

_PIPES, _QUEUE = KeptTable("_pipes"), KeptTable("_pipe_queue", ("id", "file"))
_REFRESHED = timedelta(days=7)
_OPTIONS = {"AUTO_INGEST", "COMMENT"}
_FORBIDDEN = ("FILES", "FORCE", "PURGE", "VALIDATION_MODE", "SIZE_LIMIT", "MATCH_BY_COLUMN_NAME")


def _read(scanner: Scanner, context: StatementContext) -> Options:
    """Its options, and the COPY behind AS."""
    options: Options = {}
    while not scanner.take("AS"):
        scanner.set_option(options)
    if wrong := sorted(options.keys() - _OPTIONS):
        raise unsupported(f"pipe option {wrong[0]}")
    return {**options, "DEFINITION": scanner.text_until()}


def _check(head: Head, options: Options, context: StatementContext) -> None:
    statement = parse_copy(options["DEFINITION"], context)
    for name in _FORBIDDEN:
        if name in statement.options:
            raise snowflake_error(
                f"SQL compilation error:\ninvalid parameter '{name}' of a pipe's COPY.", 1423, "42601"
            )
    locate(statement.stage, context)


def _row(options: Options) -> dict[str, Any]:
    return {
        "id": uuid.uuid4().hex,
        "definition": options["DEFINITION"],
        "auto_ingest": is_true(options.get("AUTO_INGEST", False)),
        "paused": False,
        "comment": str(options.get("COMMENT", "")),
        "created_on": datetime.now(UTC),
    }


def _empty_queue(head: Head, options: Options | None, context: StatementContext) -> None:
    """Forget what waits for a pipe that is dropped or made anew; what it has loaded stays."""
    for pipe in _PIPES.find(context, **head.place):
        _QUEUE.remove(context, id=pipe["id"])


def _alter(head: Head, context: StatementContext) -> pa.Table:
    """`ALTER PIPE p REFRESH [PREFIX = …] [MODIFIED_AFTER = …]`; `… SET PIPE_EXECUTION_PAUSED = TRUE COMMENT = …`."""
    is_refresh = head.scanner.take("REFRESH")
    if not is_refresh:
        head.scanner.expect("SET")
    options = head.scanner.options()
    head.scanner.at_end()
    known = {"PREFIX", "MODIFIED_AFTER"} if is_refresh else {"PIPE_EXECUTION_PAUSED", "COMMENT"}
    if wrong := sorted(options.keys() - known):
        raise unsupported(f"ALTER PIPE option {wrong[0]}")
    (pipe,) = _PIPES.find(context, **head.place)
    return _refresh(context, pipe, options) if is_refresh else _set(context, pipe, options)


KIND = Kind(called="Pipe", table=_PIPES, read=_read, check=_check, row=_row, prepare=_empty_queue, alter=_alter)


def show_pipe_status(expression: Expr, context: StatementContext) -> Expr:
    """Replace `SYSTEM$PIPE_STATUS('p')` by what it tells."""
    for call in list(expression.find_all(exp.Anonymous)):
        if str(call.this).upper() == "SYSTEM$PIPE_STATUS" and call.expressions:
            key = split_name(Scanner(call.expressions[0].name).name(), context.database, context.schema)
            call.replace(exp.Literal.string(_status(context, key)))
    return expression


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
    for name in queued:
        _QUEUE.put(context, {"id": pipe["id"], "file": name})
    if not pipe["paused"]:
        _load(context, pipe)
    return pa.table({"File": pa.array(queued, pa.string()), "Status": pa.array(["SENT"] * len(queued), pa.string())})


def _set(context: StatementContext, pipe: dict[str, Any], options: Options) -> pa.Table:
    paused = is_true(options.get("PIPE_EXECUTION_PAUSED", pipe["paused"]))
    _PIPES.put(context, {**pipe, "paused": paused, "comment": str(options.get("COMMENT", pipe["comment"]))})
    if not paused:
        _load(context, pipe)
    return status_table()


def _load(context: StatementContext, pipe: dict[str, Any]) -> None:
    """Run the pipe's COPY for what is in its queue; one file that cannot be read keeps no other one out."""
    names = [row["file"] for row in _QUEUE.find(context, id=pipe["id"])]
    if not names:
        return
    statement = parse_copy(pipe["definition"], context)
    statement.options["FILES"] = names
    statement.options.setdefault("ON_ERROR", "SKIP_FILE")
    copy = make_copy(statement, context)
    copy.history = pipe_history(context, copy.target.key, pipe["id"])
    copy.run()
    _QUEUE.remove(context, id=pipe["id"])


def _status(context: StatementContext, key: Key) -> str:
    pipe = _PIPES.read(context, *key)
    if pipe is None:
        raise does_not_exist("Pipe", ".".join(key))
    waiting = _QUEUE.find(context, id=pipe["id"])
    return json.dumps({"executionState": "PAUSED" if pipe["paused"] else "RUNNING", "pendingFileCount": len(waiting)})
