"""Every statement that runs: once each, in a thread, however often and from wherever its result is asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from deployments.embedded.session import execution
from deployments.embedded.session.query_history import QueryHistory
from deployments.embedded.session.sessions import Session
from deployments.embedded.session.statement import Statement

THREADS = 256
ANSWERS_KEPT = 200
ANSWERS_KEPT_BYTES = 256 * 1024 * 1024


class Statements:
    """Statements that run, and the answers of the last ones."""

    def __init__(self, base_url: str) -> None:
        """An empty register.

        Args:
            base_url: Where clients reach this server.
        """
        self._base_url = base_url
        self._guard = threading.Lock()
        self._by_request: OrderedDict[str, Statement] = OrderedDict()
        self._by_query: dict[str, Statement] = {}
        self._unanswered: dict[str, Statement] = {}
        self._kept_bytes = 0
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="statement")
        self._history = QueryHistory()

    def submit(self, statement: Statement) -> Statement:
        """Run the statement, unless it is a repeated request: then the one that runs already."""
        key = f"{statement.session.token}/{statement.request_id or statement.query_id}"
        with self._guard:
            if known := self._by_request.get(key):
                return known
            self._by_request[key] = statement
            self._by_query[statement.query_id] = self._unanswered[statement.query_id] = statement
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
            return [s for s in self._unanswered.values() if session is None or s.session is session]

    def interrupt_stopped(self) -> None:
        """Interrupt again what was stopped while it was between two pieces of work."""
        for statement in self.running():
            if statement.stopped_by:
                statement.interrupt()

    def close(self) -> None:
        """Cancel what runs and wait for it."""
        for statement in self.running():
            statement.cancel()
        self._threads.shutdown(wait=True)

    def _forget_old(self) -> None:
        """Forget the oldest answers while there are too many of them; what still runs is kept."""
        while len(self._by_request) > ANSWERS_KEPT or self._kept_bytes > ANSWERS_KEPT_BYTES:
            ended = next((key for key, statement in self._by_request.items() if statement.future.done()), None)
            if ended is None:
                return
            statement = self._by_request.pop(ended)
            del self._by_query[statement.query_id]
            self._kept_bytes -= statement.kept_bytes

    def _run(self, statement: Statement) -> None:
        with statement.session.lock:
            statement.started_at = datetime.now(UTC)
            statement.is_running = True
            try:
                answer = execution.answer(statement, self._base_url, self._history)
            except BaseException as error:
                with self._guard:
                    del self._unanswered[statement.query_id]
                statement.future.set_exception(error)
                raise
            finally:
                statement.is_running = False
                statement.ended_at = datetime.now(UTC)
        self._history.add(statement, answer)
        with self._guard:
            for part in (part for part in statement.parts if part.future.done()):
                self._kept_bytes += part.kept_bytes
                self._by_request[f"{part.session.token}/{part.query_id}"] = self._by_query[part.query_id] = part
            del self._unanswered[statement.query_id]
            statement.future.set_result(answer)
            self._kept_bytes += statement.kept_bytes
