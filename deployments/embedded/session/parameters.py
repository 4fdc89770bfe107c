"""Parameters of a session: ALTER SESSION SET and UNSET."""

from __future__ import annotations

import re

import pyarrow as pa

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import unsupported

ALTER = re.compile(r"\s*ALTER\s+SESSION\s+(?P<verb>SET|UNSET)\s+(?P<rest>.*?)\s*;?\s*$", re.IGNORECASE | re.DOTALL)
ASSIGNED = re.compile(
    r"(?P<name>[A-Za-z_]\w*)\s*=\s*(?:'(?P<text>(?:[^'\\]|''|\\.)*)'|(?P<word>[^\s,]+))[\s,]*", re.DOTALL
)
BACKSLASHED = re.compile(r"\\(.)", re.DOTALL)
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
    "MULTI_STATEMENT_COUNT": {"1"},
}


UNSET = re.compile(r"\s*UNSET\s+(?:\((?P<names>[^()]*)\)|(?P<name>[\w$]+))\s*;?\s*$", re.IGNORECASE)


def unset_variables(statement: str, context: StatementContext) -> pa.Table | None:
    """`UNSET x`, `UNSET (x, y)`: the parser has no word for it."""
    match = UNSET.match(statement)
    if match is None:
        return None
    gone = {name.strip().upper() for name in (match["names"] or match["name"]).split(",")}
    kept = context.connection.variables._variables
    for name in [name for name in kept if name.upper() in gone]:
        del kept[name]
    return pa.table({"status": ["Statement executed successfully."]})


def alter_session(statement: str, context: StatementContext) -> pa.Table | None:
    """`ALTER SESSION SET QUERY_TAG = '…' AUTOCOMMIT = FALSE`, `ALTER SESSION UNSET QUERY_TAG`."""
    match = ALTER.match(statement)
    if match is None:
        return None
    if match["verb"].upper() == "UNSET":
        for name in match["rest"].split(","):
            context.session.parameters.pop(name.strip().upper(), None)
    for assigned in ASSIGNED.finditer(match["rest"]) if match["verb"].upper() == "SET" else ():
        _set(context, assigned["name"].upper(), assigned["word"], assigned["text"])
    return pa.table({"status": ["Statement executed successfully."]})


def _set(context: StatementContext, name: str, word: str | None, text: str | None) -> None:
    value = BACKSLASHED.sub(r"\1", text.replace("''", "'")) if text is not None else str(word)
    allowed = ONLY.get(name)
    if allowed is not None and value.upper() not in allowed:
        raise unsupported(f"session parameter {name} = {value}", f"Possible: {', '.join(sorted(allowed))}.")
    if name == "AUTOCOMMIT":
        context.connection.transactions.set_autocommit(value.upper() in {"TRUE", "1"})
    context.session.parameters[name] = value
