"""The command line `snowcast …`: entry, global options, how it speaks, what it logs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from flows.startup import find_home, look_for_garbage_rarely

_FOR_THE_RESIDENT = ("run", "ingest", "build", "validate", "backfill")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave the process with its exit code.

    One that the home's resident worker runs is handed over before what it would need itself is imported.
    """
    given = sys.argv[1:] if arguments is None else arguments
    handed_over = _hand_over(given)
    if handed_over is not None:
        sys.exit(handed_over)
    look_for_garbage_rarely()
    from flows.cli import app

    app.main(given, may_leave=_is_for_the_resident(given))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; an error is one line on standard error."""
    from flows.cli import app

    return app.run(arguments)


def _hand_over(arguments: Sequence[str]) -> int | None:
    """Return the exit code of a command that the home's resident worker ran; None where this process is to run it."""
    if not _is_for_the_resident(arguments):
        return None
    from flows.services.resident import hand_over

    return hand_over(find_home(), arguments)


def _is_for_the_resident(arguments: Sequence[str]) -> bool:
    """Whether it is a command that ends by itself and needs all libraries; a consumer, say, runs for days."""
    return bool(arguments) and arguments[0] in _FOR_THE_RESIDENT and not {"-h", "--help"} & set(arguments)
