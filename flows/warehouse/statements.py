"""What a flow has sent to the warehouse, statement by statement."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    """What was sent in one request: of which step and table it was, its text (cut off), how long it took.

    `number` is how many statements the text has.
    """

    step: str
    table: str
    text: str
    seconds: float
    number: int = 1


class StatementLog:
    """The statements of a flow in the order in which they ended, whatever login sent them."""

    def __init__(self) -> None:
        self._statements: list[Statement] = []
        self._lock = threading.Lock()

    def add(self, statement: Statement) -> None:
        """Write a statement down."""
        with self._lock:
            self._statements.append(statement)

    @property
    def statements(self) -> list[Statement]:
        """What was sent so far."""
        with self._lock:
            return list(self._statements)
