"""What a run tells the person who waits for it: a line when a step is done, a count while it is under way.

Steps speak to the current reporter; the command line puts its own in place, elsewhere they go to Prefect's log.
"""

from __future__ import annotations

import logging
from typing import Literal, Protocol

from expectations.engine.printable import printable

Mark = Literal["ok", "warning", "failed", "skipped"]
_LEVELS = {"ok": logging.INFO, "skipped": logging.INFO, "warning": logging.WARNING, "failed": logging.ERROR}


class Reporter(Protocol):
    """Takes what steps report."""

    def show_progress(self, step: str, detail: str) -> None:
        """Show how far a step has come."""

    def show_result(self, step: str, detail: str, mark: Mark = "ok") -> None:
        """Show what became of a step."""


class LogReporter:
    """Reports to the log of the Prefect run, or to the module's log outside of one."""

    def show_progress(self, step: str, detail: str) -> None:
        """Show nothing: counts under way are not worth a log line."""

    def show_result(self, step: str, detail: str, mark: Mark = "ok") -> None:
        """Log one line per step."""
        from prefect.exceptions import MissingContextError
        from prefect.logging import get_run_logger

        try:
            log: logging.Logger | logging.LoggerAdapter[logging.Logger] = get_run_logger()
        except MissingContextError:
            log = logging.getLogger(__name__)
        log.log(_LEVELS[mark], "%s: %s", printable(step), printable(detail))


_reporter: Reporter = LogReporter()


def reporter() -> Reporter:
    """Return the current reporter."""
    return _reporter


def report_to(target: Reporter) -> None:
    """Make `target` the current reporter of this process."""
    global _reporter
    _reporter = target
