"""The connection of a flow: every statement carries the tag of its step, is written down, and can be broken off.

All that a client sends — a step's own statements, those that Snowpark or Great Expectations add, descriptions, BEGIN
and COMMIT — goes through one method of the connector, so that is where it is tagged and counted. The tag travels with
the statement: setting it on the session would be a statement more for every step.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import Error

from flows.errors import BrokenOffError, TransientError
from flows.warehouse.errors import PASSING_CODES, first_line, read_code
from flows.warehouse.statements import Statement, StatementLog

_MOST_TEXT = 2000


class TaggedConnection(SnowflakeConnection):
    """A connection of which every statement carries a tag and is counted; another thread may break it off."""

    tag: Mapping[str, str] = {}
    log: StatementLog | None = None
    _running: tuple[str, Any] | None = None
    _is_broken_off = False
    _lost: str | None = None

    def cmd_query(self, sql: str, sequence_counter: int, request_id: Any, *args: Any, **options: Any) -> dict[str, Any]:
        """Send a statement.

        One that found the warehouse gone is the last that is sent: a client that goes on after an error, as Great
        Expectations does with each of its metrics, would try every other one again for as long.
        """
        if self._lost is not None:
            raise TransientError(self._lost)
        if self._is_broken_off and not sql.lstrip().upper().startswith("ROLLBACK"):
            raise BrokenOffError("The flow was stopped.")
        if self.tag:
            tagged = {"QUERY_TAG": json.dumps(dict(self.tag))}
            options["statement_params"] = {**(options.get("statement_params") or {}), **tagged}
        self._running = (sql, request_id)
        began = time.monotonic()
        try:
            return super().cmd_query(sql, sequence_counter, request_id, *args, **options)
        except (TransientError, Error) as error:
            if isinstance(error, TransientError) or read_code(error) in PASSING_CODES:
                self._lost = first_line(error)
            raise
        finally:
            self._running = None
            if self.log is not None and not _asks_for_an_address(sql):
                step, table = self.tag.get("step", ""), self.tag.get("table", "")
                number = int((options.get("statement_params") or {}).get("MULTI_STATEMENT_COUNT", 1))
                self.log.add(Statement(step, table, sql[:_MOST_TEXT], time.monotonic() - began, number))

    @contextmanager
    def tag_statements(self, tag: Mapping[str, str]) -> Iterator[None]:
        """Tag the statements of the block with these entries beside the ones in force."""
        outer = self.tag
        self.tag = {**outer, **tag}
        try:
            yield
        finally:
            self.tag = outer

    def break_off(self) -> None:
        """Let the running statement be cancelled and no other one be sent but ROLLBACK; called by another thread."""
        self._is_broken_off = True
        running = self._running
        if running is not None:
            self._cancel_query(*running)


def _asks_for_an_address(sql: str) -> bool:
    """Whether the connector asks where to send one file of a PUT that was sent before: it names the file alone.

    It does so where a stage hands out an address for each file; that is part of the upload, not a statement of a flow.
    """
    return sql.startswith("PUT 'file://") and "/" not in sql[len("PUT 'file://") :].partition("'")[0]
