"""Query history: what `INFORMATION_SCHEMA.QUERY_HISTORY` answers, for the last statements of the running server."""

from __future__ import annotations

import contextlib
import re
from collections import deque
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from deployments.embedded.errors import unsupported
from deployments.embedded.session.statement import Statement
from deployments.embedded.wire.results import Answer
from deployments.embedded.wire.statement_types import NAMES

STATEMENTS_KEPT = 20_000
DEFAULT_RESULT_LIMIT = 100
HISTORY = "_SNOWCAST_QUERY_HISTORY"
MENTION = re.compile(
    r"""TABLE\s*\(\s*(?:(?:\w+|"[^"]+")\.)?INFORMATION_SCHEMA\.QUERY_HISTORY(?P<mine>_BY_SESSION)?
        \s*\((?P<arguments>[^()]*)\)\s*\)
        |(?P<all>SNOWFLAKE\.ACCOUNT_USAGE\.QUERY_HISTORY)\b""",
    re.IGNORECASE | re.VERBOSE,
)
RESULT_LIMIT = re.compile(r"\s*(?:RESULT_LIMIT\s*=>\s*(?P<limit>\d+)\s*)?$", re.IGNORECASE)
COLUMNS = pa.schema(
    [
        *[
            (name, pa.string())
            for name in (
                "QUERY_ID",
                "QUERY_TEXT",
                "DATABASE_NAME",
                "SCHEMA_NAME",
                "QUERY_TYPE",
                "QUERY_TAG",
                "EXECUTION_STATUS",
                "ERROR_CODE",
                "ERROR_MESSAGE",
                "USER_NAME",
                "WAREHOUSE_NAME",
            )
        ],
        ("SESSION_ID", pa.int64()),
        ("START_TIME", pa.timestamp("us", "UTC")),
        ("END_TIME", pa.timestamp("us", "UTC")),
        ("TOTAL_ELAPSED_TIME", pa.int64()),
        ("ROWS_PRODUCED", pa.int64()),
    ]
)


class QueryHistory:
    """The last statements, oldest first."""

    def __init__(self) -> None:
        self._ended: deque[dict[str, Any]] = deque(maxlen=STATEMENTS_KEPT)

    def add(self, statement: Statement, answer: Answer) -> None:
        """Note a statement that has its answer."""
        body = answer.body
        ended = statement.ended_at or statement.started_at
        self._ended.append(
            {
                "QUERY_ID": statement.query_id,
                "QUERY_TEXT": statement.text,
                "DATABASE_NAME": statement.session.database,
                "SCHEMA_NAME": statement.session.schema,
                "QUERY_TYPE": _name_type(statement),
                "QUERY_TAG": statement.query_tag,
                "EXECUTION_STATUS": "SUCCESS" if body["success"] else "FAILED_WITH_ERROR",
                "ERROR_CODE": None if body["success"] else body["code"],
                "ERROR_MESSAGE": None if body["success"] else body["message"],
                "USER_NAME": "SNOWCAST",
                "WAREHOUSE_NAME": "EMBEDDED",
                "SESSION_ID": statement.session.state.session_id,
                "START_TIME": statement.started_at,
                "END_TIME": ended,
                "TOTAL_ELAPSED_TIME": round((ended - statement.started_at).total_seconds() * 1000),
                "ROWS_PRODUCED": answer.rows,
            }
        )

    @contextlib.contextmanager
    def readable(self, statement: Statement) -> Iterator[None]:
        """Let a statement that names the query history read it.

        `SELECT … FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10))`, and without arguments, and
        `SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY`: DuckDB knows neither.

        Args:
            statement: Its text is changed while the context is open.
        """
        match = MENTION.search(statement.text) if "QUERY_HISTORY" in statement.text.upper() else None
        if match is None:
            yield
            return
        written = statement.text
        duck_conn = statement.session.connection.duck_conn
        duck_conn.register(HISTORY, pa.Table.from_pylist(self._select_asked(match, statement), schema=COLUMNS))
        statement.text = MENTION.sub(f'"{HISTORY}"', written)
        try:
            yield
        finally:
            statement.text = written
            duck_conn.unregister(HISTORY)

    def _select_asked(self, match: re.Match[str], statement: Statement) -> list[dict[str, Any]]:
        ended = list(self._ended)
        if match["all"]:
            return ended
        arguments = RESULT_LIMIT.match(match["arguments"])
        if arguments is None:
            raise unsupported(f"QUERY_HISTORY({match['arguments']})", "It takes RESULT_LIMIT => n only.")
        if match["mine"]:
            ended = [row for row in ended if row["SESSION_ID"] == statement.session.state.session_id]
        return ended[-int(arguments["limit"] or DEFAULT_RESULT_LIMIT) :]


def _name_type(statement: Statement) -> str:
    if statement.parts:  # they have rows of their own
        return "MULTI_STATEMENT"
    return NAMES.get(statement.type_id) or _first_words(statement.text)


def _first_words(text: str) -> str:
    """`CREATE_TABLE` of `create or replace table …`: the kind as Snowflake names statements without a result."""
    words = [word for word in re.findall(r"[A-Za-z_]+", text[:200]) if word.upper() not in ("OR", "REPLACE", "SCOPED")]
    return "_".join(words[:2]).upper()
