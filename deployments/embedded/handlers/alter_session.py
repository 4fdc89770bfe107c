"""ALTER SESSION: parameters that change nothing are kept, those that would change results are refused."""

from __future__ import annotations

import re

import pyarrow as pa

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import unsupported
from deployments.embedded.handlers.names import said

_ALTER = re.compile(r"\s*ALTER\s+SESSION\s+(?P<verb>SET|UNSET)\s+(?P<rest>.*?)\s*;?\s*$", re.IGNORECASE | re.DOTALL)
_ASSIGNMENT = re.compile(r"\s*,?\s*([A-Za-z_]\w*)\s*=\s*('(?:[^']|'')*'|[^\s,]+)")
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


def alter_session(statement: str, context: StatementContext) -> pa.Table | None:
    """`ALTER SESSION SET QUERY_TAG = 'build stg_users'`, also UNSET, also AUTOCOMMIT."""
    match = _ALTER.match(statement)
    if match is None:
        return None
    parameters = context.session.parameters
    if match["verb"].upper() == "UNSET":
        for name in re.split(r"[\s,]+", match["rest"].upper()):
            parameters.pop(name, None)
        return said("Statement executed successfully.")
    for name, written in _ASSIGNMENT.findall(match["rest"]):
        value = written[1:-1].replace("''", "'") if written.startswith("'") else written
        _set(name.upper(), value, context)
    return said("Statement executed successfully.")


def _set(name: str, value: str, context: StatementContext) -> None:
    allowed = ONLY.get(name)
    if allowed is not None and value.upper() not in allowed:
        raise unsupported(f"session parameter {name} = {value}", f"Possible: {', '.join(sorted(allowed))}.")
    if name == "AUTOCOMMIT":
        context.connection.transactions.set_autocommit(value.upper() == "TRUE")
    flags = {"TRUE": True, "FALSE": False}
    context.session.parameters[name] = flags.get(value.upper(), value)
