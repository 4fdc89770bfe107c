"""One statement from its text to its answer: bind, run, convert the result, name the error."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
from snowflake.connector.errors import Error as SnowflakeError
from sqlglot.errors import ParseError, TokenError

from deployments.embedded.errors import unsupported
from deployments.embedded.session import result_scan
from deployments.embedded.session.account import check_unmet
from deployments.embedded.session.bulk_insert import insert_batch, literals_as_bindings
from deployments.embedded.session.cursor import EmbeddedCursor
from deployments.embedded.session.query_history import QueryHistory
from deployments.embedded.session.statement import Statement
from deployments.embedded.session.transactions import LOCK_PATIENCE_SECONDS
from deployments.embedded.wire import results
from deployments.embedded.wire.bindings import Binding, bind_parameters, bind_rows, is_batch
from deployments.embedded.wire.results import Answer
from deployments.embedded.wire.statement_types import DML_TYPES, MULTIPLE, SELECT
from deployments.embedded.wire.types import column_info

logger = logging.getLogger("snowcast.embedded")
LOCK_RETRY_SECONDS = 0.05
CONFLICT = re.compile(r"conflict|another transaction has", re.IGNORECASE)
INTERNAL_ERROR_CODE = "261000"
WAIT = re.compile(
    r"\s*(?:SELECT|CALL)\s+SYSTEM\$WAIT\s*\(\s*(?P<amount>\d+(?:\.\d+)?)\s*(?:,\s*'(?P<unit>\w+)'\s*)?\)\s*;?\s*$",
    re.IGNORECASE,
)
SECONDS_PER_UNIT = {"DAYS": 86400, "HOURS": 3600, "MINUTES": 60, "SECONDS": 1, "MILLISECONDS": 0.001}


def answer(statement: Statement, base_url: str, history: QueryHistory) -> Answer:
    """Run the statement; the caller holds its session's lock.

    Args:
        statement: What to run.
        base_url: Where clients fetch the parts of a large result.
        history: What `INFORMATION_SCHEMA.QUERY_HISTORY` reads.

    Returns:
        Its result, or its error.
    """
    try:
        statement.check_cancelled()
        statement.split()
        if statement.parts:
            return _answer_parts(statement, base_url, history)
        with _time_limit(statement), history.readable(statement), result_scan.readable(statement):
            return _retry(statement, base_url)
    except (ParseError, TokenError) as error:
        message = f"SQL compilation error:\n{str(error).splitlines()[0]}"
        return results.answer_error("001003", "42000", message, statement.query_id)
    except SnowflakeError as raised:
        return _answer_failure(statement, statement.stopped_by or raised)
    except Exception as error:
        logger.exception("statement %s failed inside the embedded warehouse", statement.query_id)
        message = f"the embedded warehouse cannot run this statement ({type(error).__name__}: {error})"
        return results.answer_error(INTERNAL_ERROR_CODE, "XX000", message, statement.query_id)


def _answer_parts(statement: Statement, base_url: str, history: QueryHistory) -> Answer:
    """Run the statements of one request in order, until one fails; the client asks for each one's result."""
    for part in statement.parts:
        statement.check_cancelled()
        part.is_running = True
        part_answer = answer(part, base_url, history)
        part.is_running, part.ended_at = False, datetime.now(UTC)
        history.add(part, part_answer)
        part.future.set_result(part_answer)
        if not part_answer.body["success"]:
            statement.check_cancelled()
            return part_answer
    told = results.answer_rows(
        results.rows_of_table(results.status_table("Multiple statements executed successfully.")),
        _common(statement, MULTIPLE),
        "",
    )
    told.body["data"] |= {
        "resultIds": ",".join(part.query_id for part in statement.parts),
        "resultTypes": ",".join(str(part.type_id) for part in statement.parts),
    }
    return told


def _answer_failure(statement: Statement, error: SnowflakeError) -> Answer:
    code = f"{error.errno:06d}" if (error.errno or -1) >= 0 else "099999"
    return results.answer_error(code, error.sqlstate, error.raw_msg or str(error), statement.query_id)


def answer_text(statement: Statement, text: str) -> Answer:
    """A result of one cell, for what the server answers itself."""
    return results.answer_rows(results.rows_of_table(pa.table({"status": [text]})), _common(statement, SELECT), "")


def _retry(statement: Statement, base_url: str) -> Answer:
    """Run the statement; where another session changes the same rows, wait for it as Snowflake does.

    DuckDB refuses the second writer at once and takes its transaction. What that did is done again, then the statement.
    """
    deadline = time.monotonic() + LOCK_PATIENCE_SECONDS
    transactions = statement.session.connection.transactions
    transactions.check_stopped = statement.check_cancelled
    while True:
        try:
            return _execute(statement, base_url)
        except SnowflakeError as error:
            if not _is_conflict(error) or not _recover(statement, deadline):
                transactions.give_up()
                raise


def _recover(statement: Statement, deadline: float) -> bool:
    """Stand again where the statement began, as soon as the other session lets it; False where that cannot be."""
    while time.monotonic() < deadline:
        statement.check_cancelled()
        time.sleep(LOCK_RETRY_SECONDS)
        with contextlib.suppress(duckdb.TransactionException):
            return statement.session.connection.transactions.recover()
    return False


def _is_conflict(error: SnowflakeError) -> bool:
    cause = error.__cause__
    return isinstance(cause, duckdb.TransactionException) and CONFLICT.search(str(cause)) is not None


def _execute(statement: Statement, base_url: str) -> Answer:
    if statement.session.state.unmet:
        check_unmet(statement.text, statement.session.state)
    if wait := WAIT.match(statement.text):
        return _wait(statement, wait)
    cursor = EmbeddedCursor(statement.session.connection)
    if statement.describe_only and (described := cursor.describe(statement.text)) is not None:
        return _describe(statement, cursor, described)
    if is_batch(statement.bindings):
        return _execute_batch(statement, cursor, statement.text, statement.bindings)
    if literals := literals_as_bindings(statement.text):
        return _execute_batch(statement, cursor, *literals)
    cursor.execute(statement.text, bind_parameters(statement.bindings))
    return _answer_execution(statement, cursor, base_url)


def _wait(statement: Statement, wait: re.Match[str]) -> Answer:
    """`SELECT SYSTEM$WAIT(5)`: hold the session for a while; DuckDB has nothing to sleep with."""
    unit = (wait["unit"] or "SECONDS").upper()
    if unit not in SECONDS_PER_UNIT:
        raise unsupported(f"SYSTEM$WAIT in {unit}", f"It takes one of {', '.join(SECONDS_PER_UNIT)}.")
    until = time.monotonic() + float(wait["amount"]) * SECONDS_PER_UNIT[unit]
    while (left := until - time.monotonic()) > 0:
        statement.check_cancelled()
        time.sleep(min(left, LOCK_RETRY_SECONDS))
    return answer_text(statement, f"waited {wait['amount']} {unit.lower()}")


def _answer_execution(statement: Statement, cursor: EmbeddedCursor, base_url: str) -> Answer:
    if cursor.response_data is not None:
        return Answer({"data": {**cursor.response_data, "queryId": statement.query_id}, "success": True})
    rows = results.rows_of(cursor.table, cursor.types) if cursor.types else results.rows_of_table(cursor.table)
    statement.session.state.last_query_id = statement.query_id
    statement.session.connection.engine.results[statement.query_id] = cursor.table
    common = _common(statement, cursor.statement_type_id)
    if cursor.statement_type_id in DML_TYPES:
        return results.answer_counts(rows, common)
    return results.answer_rows(rows, common, f"{base_url}/snowcast/results/{statement.query_id}/")


def _execute_batch(statement: Statement, cursor: EmbeddedCursor, text: str, bindings: dict[str, Binding]) -> Answer:
    affected = insert_batch(cursor, text, bindings)
    if affected is None:
        affected = 0
        for row in bind_rows(bindings):
            cursor.execute(text, row)
            affected += cursor.rowcount
    table = pa.table({"number of rows inserted": [affected]})
    return results.answer_counts(results.rows_of_table(table), _common(statement, cursor.statement_type_id))


def _describe(statement: Statement, cursor: EmbeddedCursor, described: list[tuple[Any, ...]]) -> Answer:
    type_id = cursor.statement_type_id
    result: dict[str, Any] = {"queryResultFormat": "json", "rowset": []}
    if type_id == SELECT:
        result = {"queryResultFormat": "arrow", "rowsetBase64": ""}
    data = {
        **_common(statement, type_id),
        "rowtype": [column_info(name, kind, nullable=null != "NO") for name, kind, null, *_ in described],
        "total": 0,
        "returned": 0,
        "numberOfBinds": cursor.placeholder_count,
        "arrayBindSupported": cursor.takes_rows,
        **result,
    }
    return Answer({"data": data, "success": True})


def _common(statement: Statement, type_id: int) -> dict[str, Any]:
    session = statement.session
    statement.type_id = type_id
    return {
        "parameters": results.STATEMENT_PARAMETERS,
        "queryId": statement.query_id,
        "statementTypeId": type_id,
        "finalDatabaseName": session.database,
        "finalSchemaName": session.schema,
    }


@contextlib.contextmanager
def _time_limit(statement: Statement) -> Iterator[None]:
    """Stop the statement after STATEMENT_TIMEOUT_IN_SECONDS, of the statement or of the session; 0 is none."""
    seconds = statement.timeout_seconds
    if seconds <= 0:
        yield
        return
    timer = threading.Timer(seconds, statement.time_out)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
