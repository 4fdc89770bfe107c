"""Tasks, streams and procedures: made, changed, dropped and shown; none of them runs, as nothing here has a clock.

`CREATE OR ALTER TASK D.S.T WAREHOUSE = W AFTER D.S.A, D.S.B AS CALL D.S.P('x')`
A script that schedules builds inside an account runs here, and SHOW tells what it made, so that a plan can be held
against it. A stream cannot be read and a procedure cannot be called: both are refused as what is not there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from deployments.embedded.errors import already_exists, does_not_exist, snowflake_error, unsupported
from deployments.embedded.names import normalise_name, quote_literal, split_name
from deployments.embedded.scanner import Options, Scanner, syntax_error, unquote
from deployments.embedded.sql.macros import HOME
from deployments.embedded.wire.results import status_table

if TYPE_CHECKING:
    from deployments.embedded.context import StatementContext

KINDS = ("TASK", "STREAM", "PROCEDURE")
_TABLE = "_fs_global._fs_information_schema._account_objects"
_DONE = "Statement executed successfully."
_ENABLE = re.compile(r"\s*SELECT\s+SYSTEM\$TASK_DEPENDENTS_ENABLE\s*\(\s*'([^']+)'\s*\)\s*;?\s*", re.IGNORECASE)


def create(sql: str, context: StatementContext) -> pa.Table:
    """`CREATE [OR REPLACE | OR ALTER] TASK | STREAM | PROCEDURE [IF NOT EXISTS] name …`."""
    scanner = Scanner(sql)
    scanner.expect("CREATE")
    again = scanner.take("OR", "REPLACE") or scanner.take("OR", "ALTER")
    kind = _take_kind(scanner)
    if_not_exists = scanner.take("IF", "NOT", "EXISTS")
    name = _full_name(scanner, context)
    found = _read_stored(context, kind).get(name)
    if found is not None and not again:
        if if_not_exists:
            return status_table(f"{name} already exists, statement succeeded.")
        raise already_exists(name)
    options = _READ[kind](scanner, context)
    state = found.get("STATE") if found else None
    if kind == "TASK" and state == "started":
        raise snowflake_error(
            f"Unable to update graph with root task {name} since that root task is not suspended.", 91429, "42601"
        )
    _store(context, kind, name, {**options, "STATE": "suspended"} if kind == "TASK" else options)
    return status_table(f"{kind.capitalize()} {name.rpartition('.')[2]} successfully created.")


def alter(sql: str, context: StatementContext) -> pa.Table:
    """`ALTER TASK [IF EXISTS] t SUSPEND | RESUME`."""
    scanner = Scanner(sql)
    scanner.expect("ALTER", "TASK")
    if_exists = scanner.take("IF", "EXISTS")
    name = _full_name(scanner, context)
    found = _read_stored(context, "TASK").get(name)
    if found is None:
        if if_exists:
            return status_table(_DONE)
        raise does_not_exist("Task", name)
    for word, state in (("SUSPEND", "suspended"), ("RESUME", "started")):
        if scanner.take(word):
            scanner.at_end()
            _store(context, "TASK", name, {**found, "STATE": state})
            return status_table(_DONE)
    raise unsupported("ALTER TASK other than SUSPEND and RESUME", "CREATE OR ALTER TASK changes one.")


def drop(sql: str, context: StatementContext) -> pa.Table:
    """`DROP TASK | STREAM | PROCEDURE [IF EXISTS] name[(types)]`."""
    scanner = Scanner(sql)
    scanner.expect("DROP")
    kind = _take_kind(scanner)
    if_exists = scanner.take("IF", "EXISTS")
    name = _full_name(scanner, context)
    if name not in _read_stored(context, kind):
        if if_exists:
            return status_table(f"Drop statement executed successfully ({name} already dropped).")
        raise does_not_exist(kind.capitalize(), name)
    with context.duck_conn.cursor() as catalog:
        catalog.execute(f"DELETE FROM {_TABLE} WHERE kind = ? AND name = ?", [kind, name])
    return status_table(f"{name.rpartition('.')[2]} successfully dropped.")


def enable(sql: str, context: StatementContext) -> pa.Table | None:
    """`SELECT SYSTEM$TASK_DEPENDENTS_ENABLE('t')`: the task and all behind it are started; None for other SELECTs."""
    if not (match := _ENABLE.fullmatch(sql)):
        return None
    tasks = _read_stored(context, "TASK")
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
            _store(context, "TASK", name, {**tasks[name], "STATE": "started"})
    return status_table(_DONE)


def show(sql: str, context: StatementContext) -> pa.Table:
    """`SHOW TASKS | STREAMS | PROCEDURES [LIKE '…'] [IN DATABASE d | IN SCHEMA d.s]`."""
    scanner = Scanner(sql)
    scanner.expect("SHOW")
    kind = next(one for one in KINDS if scanner.take(f"{one}S"))
    like = unquote(scanner.next().text) if scanner.take("LIKE") else "%"
    place = f"{context.database}."
    if scanner.take("IN"):
        scanner.take("SCHEMA") or scanner.take("DATABASE")
        place = ".".join(normalise_name(part) for part in scanner.name().split(".")) + "."
    scanner.at_end()
    pattern = re.compile(re.escape(like).replace("%", ".*").replace("_", "."), re.IGNORECASE)
    found = {name: options for name, options in sorted(_read_stored(context, kind).items()) if name.startswith(place)}
    rows = [_row(kind, name, options) for name, options in found.items() if pattern.fullmatch(name.rpartition(".")[2])]
    columns = list(_row(kind, "..", {}))
    return pa.table({column: pa.array([row[column] for row in rows], pa.string()) for column in columns})


def _row(kind: str, name: str, options: Options) -> dict[str, str | None]:
    database, schema, own = name.split(".")
    place = {"created_on": None, "name": own, "database_name": database, "schema_name": schema, "owner": "SYSADMIN"}
    comment = str(options.get("COMMENT", ""))
    if kind == "TASK":
        told = {
            name.lower(): options.get(name) for name in ("WAREHOUSE", "SCHEDULE", "STATE", "DEFINITION", "CONDITION")
        }
        return {**place, "comment": comment, **told, "predecessors": json.dumps(options.get("PREDECESSORS", []))}
    if kind == "STREAM":
        mode = "APPEND_ONLY" if str(options.get("APPEND_ONLY", "FALSE")).upper() == "TRUE" else "DEFAULT"
        return {**place, "comment": comment, "table_name": options.get("TABLE"), "source_type": "Table", "mode": mode}
    arguments = f"{own}({options.get('ARGUMENTS', '')}) RETURN {options.get('RETURNS', '')}"
    return {**place, "catalog_name": database, "arguments": arguments, "description": comment}


def _read_task(scanner: Scanner, context: StatementContext) -> Options:
    found: Options = {"PREDECESSORS": []}
    while not scanner.take("AS"):
        if scanner.take("AFTER"):
            found["PREDECESSORS"].append(_full_name(scanner, context))
            while scanner.take(","):
                found["PREDECESSORS"].append(_full_name(scanner, context))
        elif scanner.take("WHEN"):
            found["CONDITION"] = _text_until(scanner, "AS")
        else:
            _read_option(scanner, found)
    for name in found["PREDECESSORS"]:
        if name not in _read_stored(context, "TASK"):
            raise does_not_exist("Task", name)
    found["DEFINITION"] = _text_until(scanner)
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
        _read_option(scanner, found)
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
            _read_option(scanner, found)
    if scanner.peek() is not None:
        found["BODY"] = _text_until(scanner)
    if found.get("LANGUAGE") == "PYTHON" and not {"RUNTIME_VERSION", "PACKAGES", "HANDLER"} <= found.keys():
        raise snowflake_error(
            "SQL compilation error:\nA Python procedure needs RUNTIME_VERSION, PACKAGES and HANDLER.", 391531, "42601"
        )
    return found


def _read_option(scanner: Scanner, found: Options) -> None:
    """`NAME = value` or `NAME = ('a', 'b')`."""
    token = scanner.next()
    if token.kind != "word":
        raise syntax_error(scanner.sql, token)
    scanner.expect("=")
    if not scanner.take("("):
        value = scanner.next()
        found[token.text.upper()] = unquote(value.text) if value.kind == "string" else value.text
        return
    found[token.text.upper()] = values = []
    while not scanner.take(")"):
        values.append(unquote(scanner.next().text))
        scanner.take(",")


def _text_until(scanner: Scanner, word: str | None = None) -> str:
    """The text up to a word that stands outside brackets, or to the end."""
    begun = scanner.peek()
    if begun is None:
        raise syntax_error(scanner.sql, None)
    end, depth = begun.start, 0
    while (token := scanner.peek()) is not None and not (depth == 0 and token.text.upper() == word):
        depth += (token.text == "(") - (token.text == ")")
        end = scanner.next().end
    return scanner.sql[begun.start : end]


def _take_kind(scanner: Scanner) -> str:
    for kind in KINDS:
        if scanner.take(kind):
            return kind
    raise syntax_error(scanner.sql, scanner.peek())


def _full_name(scanner: Scanner, context: StatementContext) -> str:
    return ".".join(split_name(scanner.name(), context.database, context.schema))


def _read_stored(context: StatementContext, kind: str) -> dict[str, dict[str, Any]]:
    with context.duck_conn.cursor() as catalog:
        rows = catalog.execute(f"SELECT name, options FROM {_TABLE} WHERE kind = ?", [kind]).fetchall()
    return {name: json.loads(options) for name, options in rows}


def _store(context: StatementContext, kind: str, name: str, options: Options) -> None:
    with context.duck_conn.cursor() as catalog:
        catalog.execute(f"DELETE FROM {_TABLE} WHERE kind = ? AND name = ?", [kind, name])
        catalog.execute(f"INSERT INTO {_TABLE} VALUES (?, ?, ?)", [kind, name, json.dumps(options)])


_READ: dict[str, Callable[[Scanner, StatementContext], Options]] = {
    "TASK": _read_task,
    "STREAM": _read_stream,
    "PROCEDURE": _read_procedure,
}
STATEMENTS: dict[str, Callable[[str, StatementContext], pa.Table | None]] = {
    **{f"CREATE {kind}": create for kind in KINDS},
    "CREATE ALTER": create,
    "ALTER TASK": alter,
    **{f"DROP {kind}": drop for kind in KINDS},
    **{f"SHOW {kind}S": show for kind in KINDS},
    "SELECT SYSTEM": enable,
}
