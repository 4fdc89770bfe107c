"""Parameters of a session: ALTER SESSION SET and UNSET."""

from __future__ import annotations

import re

import pyarrow as pa

from deployments.embedded.context import StatementContext

ALTER = re.compile(r"\s*ALTER\s+SESSION\s+(?P<verb>SET|UNSET)\s+(?P<rest>.*?)\s*;?\s*$", re.IGNORECASE | re.DOTALL)
ASSIGNED = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*=\s*(?:'(?P<text>(?:[^'\\]|''|\\.)*)'|(?P<word>[^\s,]+))[\s,]*", re.DOTALL)
BACKSLASHED = re.compile(r"\\(.)", re.DOTALL)


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
    if name == "AUTOCOMMIT":
        context.connection.transactions.set_autocommit(value.upper() in {"TRUE", "1"})
    context.session.parameters[name] = value
