"""RESULT_SCAN: the result of an earlier statement as a table."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from deployments.embedded.errors import snowflake_error
from deployments.embedded.session.statement import Statement

SCAN = re.compile(
    r"TABLE\s*\(\s*RESULT_SCAN\s*\(\s*(?:'(?P<query_id>[^']*)'|LAST_QUERY_ID\s*\(\s*(?:-1)?\s*\))\s*\)\s*\)",
    re.IGNORECASE,
)
RESULT = "_SNOWCAST_RESULT_"


@contextlib.contextmanager
def readable(statement: Statement) -> Iterator[None]:
    """Let a statement read earlier results by their ids.

    `SELECT "name" FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))`.

    Args:
        statement: Its text is changed while the context is open.
    """
    written = statement.text
    if "RESULT_SCAN" not in written.upper():
        yield
        return
    duck_conn = statement.session.connection.duck_conn
    names: dict[str, str] = {}

    def register(match: re.Match[str]) -> str:
        query_id = match["query_id"] or statement.session.state.last_query_id or ""
        if query_id not in names:
            names[query_id] = f"{RESULT}{len(names) + 1}"
            duck_conn.register(names[query_id], _result(statement, query_id))
        return f'"{names[query_id]}"'

    statement.text = SCAN.sub(register, written)
    try:
        yield
    finally:
        statement.text = written
        for name in names.values():
            duck_conn.unregister(name)


def _result(statement: Statement, query_id: str) -> object:
    kept = statement.session.connection.engine.results.get(query_id)
    if kept is None:
        raise snowflake_error(f"Statement {query_id} not found", 709, "02000")
    return kept
