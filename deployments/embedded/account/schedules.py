"""Tasks, streams and procedures: made, changed, dropped and shown; none of them runs, as nothing here has a clock.

`CREATE OR ALTER TASK D.S.T WAREHOUSE = W AFTER D.S.A, D.S.B AS CALL D.S.P('x')`
A script that schedules builds inside an account runs here, and SHOW tells what it made, so that a plan can be held
against it. A stream cannot be read and a procedure cannot be called: both are refused as what is not there.
"""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from deployments.embedded.account.objects import account_kind, read_stored, store
from deployments.embedded.errors import does_not_exist, snowflake_error, unsupported
from deployments.embedded.kept.statements import Head
from deployments.embedded.names import quote_literal, split_name
from deployments.embedded.scanner import Options, Scanner
from deployments.embedded.sql.macros import HOME
from deployments.embedded.wire.results import status_table

if TYPE_CHECKING:
    from deployments.embedded.context import StatementContext

_STATES = {"SUSPEND": "suspended", "RESUME": "started"}
_ENABLE = re.compile(r"\s*SELECT\s+SYSTEM\$TASK_DEPENDENTS_ENABLE\s*\(\s*'([^']+)'\s*\)\s*;?\s*", re.IGNORECASE)


def enable(sql: str, context: StatementContext) -> pa.Table | None:
    """`SELECT SYSTEM$TASK_DEPENDENTS_ENABLE('t')`: the task and all behind it are started; None for other SELECTs."""
    if not (match := _ENABLE.fullmatch(sql)):
        return None
    tasks = read_stored(context, "TASK")
    waiting = [".".join(split_name(match[1], context.database, context.schema))]
    if waiting[0] not in tasks:
        raise does_not_exist("Task", waiting[0])
    behind: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in behind:
            continue
        behind.add(name)
        waiting += [one for one, options in tasks.items() if name in options["PREDECESSORS"]]
        if tasks[name]["STATE"] != "started":
            store(context, "TASK", name, {**tasks[name], "STATE": "started"})
    return status_table()


def _alter_task(head: Head, context: StatementContext) -> pa.Table:
    """`ALTER TASK T SUSPEND`, `ALTER TASK T RESUME`."""
    state = next((state for word, state in _STATES.items() if head.scanner.take(word)), None)
    if state is None:
        raise unsupported("ALTER TASK other than SUSPEND and RESUME", "CREATE OR ALTER TASK changes one.")
    head.scanner.at_end()
    store(context, "TASK", head.name, {**read_stored(context, "TASK")[head.name], "STATE": state})
    return status_table()


def _show_task(name: str, options: Options) -> dict[str, str | None]:
    told = {key.lower(): options.get(key) for key in ("WAREHOUSE", "SCHEDULE", "STATE", "DEFINITION", "CONDITION")}
    return {**_show_place(name, options), **told, "predecessors": json.dumps(options.get("PREDECESSORS", []))}


def _show_stream(name: str, options: Options) -> dict[str, str | None]:
    mode = "APPEND_ONLY" if str(options.get("APPEND_ONLY", "FALSE")).upper() == "TRUE" else "DEFAULT"
    told = {"table_name": options.get("TABLE"), "source_type": "Table", "mode": mode}
    return {**_show_place(name, options), **told}


def _show_procedure(name: str, options: Options) -> dict[str, str | None]:
    place = _show_place(name, options)
    comment = place.pop("comment")
    own = name.rpartition(".")[2]
    arguments = f"{own}({options.get('ARGUMENTS', '')}) RETURN {options.get('RETURNS', '')}"
    return {**place, "catalog_name": place["database_name"], "arguments": arguments, "description": comment}


def _show_place(name: str, options: Options) -> dict[str, str | None]:
    database, schema, _ = name.split(".")
    comment = str(options.get("COMMENT", ""))
    return {"database_name": database, "schema_name": schema, "owner": "SYSADMIN", "comment": comment}


def _read_task(scanner: Scanner, context: StatementContext) -> Options:
    found: Options = {"PREDECESSORS": [], "STATE": "suspended"}
    while not scanner.take("AS"):
        if scanner.take("AFTER"):
            found["PREDECESSORS"].append(_full_name(scanner, context))
            while scanner.take(","):
                found["PREDECESSORS"].append(_full_name(scanner, context))
        elif scanner.take("WHEN"):
            found["CONDITION"] = scanner.text_until("AS")
        else:
            scanner.set_option(found)
    for name in found["PREDECESSORS"]:
        if name not in read_stored(context, "TASK"):
            raise does_not_exist("Task", name)
    found["DEFINITION"] = scanner.text_until()
    return found


def _read_stream(scanner: Scanner, context: StatementContext) -> Options:
    if not scanner.take("ON", "TABLE"):
        raise unsupported("a STREAM on anything but a table")
    table = _full_name(scanner, context)
    database, schema, name = table.split(".")
    there = context.run(
        f"SELECT 1 FROM {HOME}.sf_objects({quote_literal(database)}) "
        f"WHERE schema = {quote_literal(schema)} AND name = {quote_literal(name)} AND kind = 'TABLE'"
    )
    if there.num_rows == 0:
        raise does_not_exist("Table", table, "42S02")
    found: Options = {"TABLE": table}
    while scanner.peek() is not None:
        scanner.set_option(found)
    return found


def _read_procedure(scanner: Scanner, context: StatementContext) -> Options:
    """Its arguments' types, and options; a body is kept unread."""
    found: Options = {}
    scanner.expect("(")
    types: list[str] = []
    while not scanner.take(")"):
        scanner.next()
        types.append(scanner.next().text.upper())
        scanner.take(",")
    scanner.expect("RETURNS")
    found |= {"ARGUMENTS": ", ".join(types), "RETURNS": scanner.next().text.upper()}
    while (token := scanner.peek()) is not None and not scanner.take("AS"):
        if scanner.take("LANGUAGE") or scanner.take("EXECUTE", "AS"):
            found[token.text.upper()] = scanner.next().text.upper()
        else:
            scanner.set_option(found)
    if scanner.peek() is not None:
        found["BODY"] = scanner.text_until()
    if found.get("LANGUAGE") == "PYTHON" and not {"RUNTIME_VERSION", "PACKAGES", "HANDLER"} <= found.keys():
        raise snowflake_error(
            "SQL compilation error:\nA Python procedure needs RUNTIME_VERSION, PACKAGES and HANDLER.", 391531, "42601"
        )
    return found


def _full_name(scanner: Scanner, context: StatementContext) -> str:
    return ".".join(split_name(scanner.name(), context.database, context.schema))


_in_schema = partial(account_kind, is_in_schema=True, is_told_in_full=True)
KINDS = {
    "TASK": _in_schema(called="Task", read=_read_task, shown=_show_task, alter=_alter_task),
    "STREAM": _in_schema(called="Stream", read=_read_stream, shown=_show_stream),
    "PROCEDURE": _in_schema(called="Procedure", read=_read_procedure, shown=_show_procedure, has_arguments=True),
}
