"""Statements: each runs once, in a thread, however often and from wherever its result is asked for."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from fakesnow.dialect import parse_one
from fakesnow.statement_type import SELECT, statement_type_id
from snowflake.connector.errors import Error as SnowflakeError
from sqlglot import exp
from sqlglot.errors import ParseError

from deployments.embedded import results
from deployments.embedded.bindings import Binding, bound_parameters, bound_rows, is_batch
from deployments.embedded.bulk import insert_batch, literals_as_bindings
from deployments.embedded.cursor import EmbeddedCursor
from deployments.embedded.result_types import column_info
from deployments.embedded.results import Answer
from deployments.embedded.sessions import Session

logger = logging.getLogger("snowcast.embedded")
THREADS = 64
ANSWERS_KEPT = 200
ANSWERS_KEPT_BYTES = 512 * 1024 * 1024
INTERNAL_ERROR_CODE = "261000"


@dataclass
class Statement:
    """One statement of a client.

    Attributes:
        session: Whose it is.
        request_id: What the client calls it; the same again is the same statement.
        text: The SQL.
        bindings: Values of its placeholders as the client sent them.
        describe_only: Whether only the result's columns are wanted.
        query_id: What the warehouse calls it.
    """

    session: Session
    request_id: str
    text: str
    bindings: dict[str, Binding]
    describe_only: bool = False
    query_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    query_tag: str = ""
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None
    cancelled: bool = False
    running: bool = False
    future: Future[Answer] = field(default_factory=Future)

    @property
    def status(self) -> str:
        """Status as the monitoring endpoint names it."""
        if not self.future.done():
            return "RUNNING" if self.running else "QUEUED"
        return "SUCCESS" if self.future.result().body["success"] else "FAILED_WITH_ERROR"


class Statements:
    """Every statement that runs, and the answers of the last ones."""

    def __init__(self, base_url: str) -> None:
        """An empty register.

        Args:
            base_url: Where clients reach this server.
        """
        self._base_url = base_url
        self._guard = threading.Lock()
        self._by_request: OrderedDict[str, Statement] = OrderedDict()
        self._by_query: dict[str, Statement] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="statement")

    def submit(self, statement: Statement) -> Statement:
        """Run the statement, unless it is a repeated request: then the one that runs already."""
        with self._guard:
            key = f"{statement.session.token}/{statement.request_id}"
            if known := self._by_request.get(key):
                return known
            self._by_request[key] = statement
            self._by_query[statement.query_id] = statement
            self._forget_old()
        self._threads.submit(self._run, statement)
        return statement

    def find(self, query_id: str) -> Statement | None:
        """The statement with this query id, if it is still known."""
        return self._by_query.get(query_id)

    def find_request(self, session: Session, request_id: str) -> Statement | None:
        """The session's statement with this request id, if it is still known."""
        return self._by_request.get(f"{session.token}/{request_id}")

    def running(self, session: Session | None = None) -> list[Statement]:
        """Statements without an answer yet, of one session or of all."""
        with self._guard:
            known = list(self._by_query.values())
        return [s for s in known if not s.future.done() and (session is None or s.session is session)]

    def cancel(self, statement: Statement) -> None:
        """End the statement with the error that Snowflake gives a cancelled one."""
        statement.cancelled = True
        if statement.running:
            statement.session.interrupt()

    def close(self) -> None:
        """Cancel what runs and wait for it."""
        for statement in self.running():
            self.cancel(statement)
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _forget_old(self) -> None:
        kept = sum(s.future.result().nbytes for s in self._by_request.values() if s.future.done())
        for key, statement in list(self._by_request.items()):
            if len(self._by_request) <= ANSWERS_KEPT and kept <= ANSWERS_KEPT_BYTES:
                return
            if statement.future.done():
                kept -= statement.future.result().nbytes
                del self._by_request[key]
                self._by_query.pop(statement.query_id, None)

    def _run(self, statement: Statement) -> None:
        with statement.session.lock:
            statement.started_at = datetime.now(UTC)
            statement.running = True
            try:
                answer = self._answer(statement)
            finally:
                statement.running = False
                statement.ended_at = datetime.now(UTC)
        statement.future.set_result(answer)

    def _answer(self, statement: Statement) -> Answer:
        if statement.cancelled:
            return _cancelled(statement)
        began = time.perf_counter()
        try:
            answer = self._execute(statement)
        except ParseError as error:
            line = str(error).splitlines()[0]
            return results.answer_error("001003", "42000", f"SQL compilation error:\n{line}", statement.query_id)
        except SnowflakeError as error:
            if statement.cancelled:
                return _cancelled(statement)
            code = f"{error.errno:06d}" if (error.errno or -1) >= 0 else "099999"
            return results.answer_error(code, error.sqlstate, error.raw_msg or str(error), statement.query_id)
        except Exception as error:
            logger.exception("statement %s failed inside the embedded warehouse", statement.query_id)
            message = f"the embedded warehouse cannot run this statement ({type(error).__name__}: {error})"
            return results.answer_error(INTERNAL_ERROR_CODE, "XX000", message, statement.query_id)
        logger.debug("%s took %.3f s", statement.query_id, time.perf_counter() - began)
        return answer

    def _execute(self, statement: Statement) -> Answer:
        cursor = statement.session.connection.cursor()
        if statement.describe_only and (described := cursor._describe_only(statement.text)) is not None:
            return _described(statement, described)
        if is_batch(statement.bindings):
            return _executed_batch(statement, cursor, statement.text, statement.bindings)
        if literals := literals_as_bindings(statement.text):
            return _executed_batch(statement, cursor, *literals)
        cursor.execute(statement.text, binding_params=bound_parameters(statement.bindings), server=True)
        return self._executed(statement, cursor)

    def _executed(self, statement: Statement, cursor: EmbeddedCursor) -> Answer:
        session = statement.session
        _track_transaction(session, cursor)
        if cursor.response_data is not None:
            return Answer({"data": {**cursor.response_data, "queryId": statement.query_id}, "success": True})
        table = cursor._arrow_table if cursor._arrow_table is not None else pa.table({})
        if cursor._last_sql is None:
            rows = results.rows_of_table(table)
        else:
            rows = results.rows_of(table, session.connection._duck_conn.description or [])
        cached = session.connection.results_cache.pop(cursor.sfqid or "", None)
        if cached:
            session.connection.results_cache[statement.query_id] = cached
        common = _common(statement, cursor.statement_type_id)
        if results.is_dml(cursor.statement_type_id):
            return results.answer_counts(rows, common)
        return results.answer_rows(rows, common, f"{self._base_url}/snowcast/results/{statement.query_id}/")


def answer_text(statement: Statement, text: str) -> Answer:
    """A result of one cell, for what the server answers itself."""
    table = pa.table({"status": [text]})
    return results.answer_rows(results.rows_of_table(table), _common(statement, SELECT), "")


def _common(statement: Statement, type_id: int) -> dict[str, Any]:
    session = statement.session
    return {
        "parameters": results.STATEMENT_PARAMETERS,
        "queryId": statement.query_id,
        "statementTypeId": type_id,
        "finalDatabaseName": session.database,
        "finalSchemaName": session.schema,
    }


def _described(statement: Statement, described: list[tuple[Any, ...]]) -> Answer:
    expression = parse_one(statement.text)
    type_id = statement_type_id(expression)
    result: dict[str, Any] = {"queryResultFormat": "json", "rowset": []}
    if type_id == SELECT:
        result = {"queryResultFormat": "arrow", "rowsetBase64": ""}
    data = {
        **_common(statement, type_id),
        "rowtype": [column_info(name, kind) for name, kind, *_ in described],
        "total": 0,
        "returned": 0,
        "numberOfBinds": len(list(expression.find_all(exp.Placeholder))),
        "arrayBindSupported": isinstance(expression, exp.Insert),
        **result,
    }
    return Answer({"data": data, "success": True})


def _executed_batch(statement: Statement, cursor: EmbeddedCursor, text: str, bindings: dict[str, Binding]) -> Answer:
    affected = insert_batch(cursor, text, bindings)
    if affected is None:
        affected = 0
        for row in bound_rows(bindings):
            cursor.execute(text, binding_params=row, server=True)
            affected += cursor.rowcount or 0
    table = pa.table({"number of rows inserted": [affected]})
    return results.answer_counts(results.rows_of_table(table), _common(statement, cursor.statement_type_id))


def _track_transaction(session: Session, cursor: EmbeddedCursor) -> None:
    statement = cursor._last_transformed
    if isinstance(statement, exp.Transaction):
        session.in_transaction = True
    elif isinstance(statement, exp.Commit | exp.Rollback):
        session.in_transaction = False


def _cancelled(statement: Statement) -> Answer:
    return results.answer_error("000604", "57014", "SQL execution canceled", statement.query_id)
