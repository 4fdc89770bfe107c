"""Parameters and variables of a session: ALTER SESSION, SET, UNSET, and `$name` in statements."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pyarrow as pa
from sqlglot import exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.names import normalise_name, quote_literal
from deployments.embedded.scanner import Scanner
from deployments.embedded.wire.results import status_table

# Parameters that would change results, and the values under which ours are right.
ONLY = {
    "TIMEZONE": {"UTC", "ETC/UTC"},
    "TIMESTAMP_TYPE_MAPPING": {"TIMESTAMP_NTZ"},
    "QUOTED_IDENTIFIERS_IGNORE_CASE": {"FALSE"},
    "WEEK_START": {"0", "1"},
    "WEEK_OF_YEAR_POLICY": {"0"},
    "BINARY_INPUT_FORMAT": {"HEX"},
    "BINARY_OUTPUT_FORMAT": {"HEX"},
    "DATE_INPUT_FORMAT": {"AUTO"},
    "TIME_INPUT_FORMAT": {"AUTO"},
    "TIMESTAMP_INPUT_FORMAT": {"AUTO"},
    "DATE_OUTPUT_FORMAT": {"YYYY-MM-DD"},
    "ERROR_ON_NONDETERMINISTIC_MERGE": {"TRUE"},
    "ERROR_ON_NONDETERMINISTIC_UPDATE": {"FALSE"},
}
_VARIABLE = re.compile(
    r"""(?P<kept>'(?:[^'\\]|''|\\.)*'|"[^"]*"|\$\$.*?\$\$|--[^\n]*|/\*.*?\*/)|(?<![\w$])\$(?P<name>[A-Za-z_]\w*)""",
    re.DOTALL,
)


def alter_session(sql: str, context: StatementContext) -> pa.Table:
    """`ALTER SESSION SET QUERY_TAG = '…' AUTOCOMMIT = FALSE`, `ALTER SESSION UNSET QUERY_TAG`."""
    scanner = Scanner(sql)
    scanner.expect("ALTER", "SESSION")
    if scanner.take("UNSET"):
        for name in read_names(scanner):
            context.session.parameters.pop(name, None)
    else:
        scanner.expect("SET")
        for name, value in scanner.options().items():
            _set(context, name, str(value))
    return status_table()


def _set(context: StatementContext, name: str, value: str) -> None:
    allowed = ONLY.get(name)
    if allowed is not None and value.upper() not in allowed:
        raise unsupported(f"session parameter {name} = {value}", f"Possible: {', '.join(sorted(allowed))}.")
    if name == "AUTOCOMMIT":
        context.connection.transactions.set_autocommit(value.upper() in {"TRUE", "1"})
    context.session.parameters[name] = value


def set_variables(tree: exp.Set, context: StatementContext) -> pa.Table:
    """`SET x = (SELECT MAX(a) FROM t)`, `SET (x, y) = (1, 'a')`: the value is computed once."""
    for item in tree.expressions:
        names, values = (
            [side] if not isinstance(side, exp.Tuple) else side.expressions for side in item.this.iter_expressions()
        )
        query = context.rewrite(exp.select(*(value.copy() for value in values)))
        (row,) = context.duck_conn.execute(query.sql("duckdb"), context.params).fetchall()
        for name, value in zip(names, row, strict=True):
            context.session.variables[normalise_name(name.sql("snowflake"))] = _write(value)
    return status_table()


def _write(value: Any) -> str:
    """A value as a statement writes it."""
    if value is None or isinstance(value, bool):
        return str(value).upper().replace("NONE", "NULL")
    if isinstance(value, dt.datetime):
        return f"'{value}'::{'TIMESTAMP_NTZ' if value.tzinfo is None else 'TIMESTAMP_TZ'}"
    if isinstance(value, dt.date):
        return f"'{value}'::DATE"
    return quote_literal(value.replace("\\", "\\\\")) if isinstance(value, str) else str(value)


def unset_variables(sql: str, context: StatementContext) -> pa.Table:
    """`UNSET x`, `UNSET (x, y)`."""
    scanner = Scanner(sql)
    scanner.expect("UNSET")
    for name in read_names(scanner):
        context.session.variables.pop(name, None)
    return status_table()


def read_names(scanner: Scanner) -> list[str]:
    """Read `x` or `(x, y)`."""
    found = []
    while scanner.peek() is not None:
        if not (scanner.take(",") or scanner.take("(") or scanner.take(")")):
            found.append(normalise_name(scanner.name()))
    return found


def inline_variables(sql: str, context: StatementContext) -> str:
    """Write the values of `$name` in place of it, outside of texts, names in quotes and comments."""

    def value(match: re.Match[str]) -> str:
        if match["kept"] is not None:
            return match["kept"]
        name = match["name"].upper()
        if name not in context.session.variables:
            message = f"SQL compilation error:\nSession variable '${name}' does not exist"
            raise snowflake_error(message, 1003, "42000")
        return context.session.variables[name]

    return _VARIABLE.sub(value, sql) if "$" in sql else sql
