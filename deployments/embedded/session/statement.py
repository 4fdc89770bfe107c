"""A statement of a client, from the request that brought it to its end."""

from __future__ import annotations

import uuid
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from snowflake.connector.errors import ProgrammingError

from deployments.embedded.errors import unsupported
from deployments.embedded.scanner import split_statements
from deployments.embedded.session.sessions import Session
from deployments.embedded.wire.bindings import Binding
from deployments.embedded.wire.results import Answer


@dataclass(eq=False)
class Statement:
    """One statement of a client.

    Attributes:
        session: Whose it is.
        request_id: What the client calls it; the same again is the same statement.
        text: The SQL.
        bindings: Values of its placeholders as the client sent them.
        parameters: Parameters for this statement only.
        describe_only: Whether only the result's columns are wanted.
        query_id: What the warehouse calls it.
        type_id: Snowflake's id of the statement's kind, once known.
        parts: The statements of a request that has several.
        started_at: When it was received.
        ended_at: When its answer was there.
        is_running: Whether a thread works on it.
        stopped_by: The error it is to end with, when it was cancelled or took too long.
        future: Its answer.
    """

    session: Session
    request_id: str
    text: str
    bindings: dict[str, Binding] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    describe_only: bool = False
    query_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    type_id: int = 0
    parts: list[Statement] = field(default_factory=list)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None
    is_running: bool = False
    stopped_by: ProgrammingError | None = None
    future: Future[Answer] = field(default_factory=Future)

    @property
    def status(self) -> str:
        """Status as the monitoring endpoint names it."""
        if not self.future.done():
            return "RUNNING" if self.is_running else "QUEUED"
        return "SUCCESS" if self.future.result().body["success"] else "FAILED_WITH_ERROR"

    @property
    def kept_bytes(self) -> int:
        """Size of the answer that is kept for a client that asks again."""
        has_answer = self.future.done() and self.future.exception() is None
        return self.future.result().nbytes if has_answer else 0

    @property
    def query_tag(self) -> str:
        """What the client wants it to be known by."""
        return str(self.parameters.get("QUERY_TAG") or self.session.state.query_tag)

    @property
    def timeout_seconds(self) -> float:
        """Seconds it may take, 0 for any."""
        name = "STATEMENT_TIMEOUT_IN_SECONDS"
        return float(self.parameters.get(name) or self.session.state.parameters.get(name) or 0)

    def split(self) -> None:
        """Take a text of several statements apart, where the client has said that it may have them.

        Raises:
            ProgrammingError: there are more or fewer than the client has said.
        """
        name = "MULTI_STATEMENT_COUNT"
        wanted = int(self.parameters.get(name, self.session.state.parameters.get(name, 1)))
        if wanted == 1 or self.describe_only:
            return
        texts = split_statements(self.text)
        if wanted and len(texts) != wanted:
            message = f"Actual statement count {len(texts)} did not match the desired statement count {wanted}."
            raise ProgrammingError(msg=message, errno=8, sqlstate="0A000")
        if self.bindings and len(texts) > 1:
            raise unsupported("bindings of several statements in one request", "Send them one by one.")
        alone = {**self.parameters, name: 1}
        self.parts = [Statement(self.session, "", text, parameters=alone) for text in texts] if len(texts) > 1 else []

    def cancel(self) -> None:
        """End it with the error that Snowflake gives a cancelled statement."""
        self._stop(ProgrammingError(msg="SQL execution canceled", errno=604, sqlstate="57014"))

    def time_out(self) -> None:
        """End it with the error that Snowflake gives a statement that took too long."""
        message = (
            f"Statement reached its statement or warehouse timeout of {self.timeout_seconds:g} second(s) "
            "and was canceled."
        )
        self._stop(ProgrammingError(msg=message, errno=630, sqlstate="57014"))

    def check_cancelled(self) -> None:
        """Raise the error it is to end with, if there is one."""
        if self.stopped_by:
            raise self.stopped_by

    def interrupt(self) -> None:
        """Tell DuckDB to give up, if it works on this statement."""
        if self.is_running:
            self.session.interrupt()

    def _stop(self, error: ProgrammingError) -> None:
        self.stopped_by = self.stopped_by or error
        self.interrupt()
