"""The command line `snowcast …`: entry, global options, how it speaks, what it logs."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave the process with its exit code."""
    from flows.cli import app

    app.main(arguments)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; an error is one line on standard error."""
    from flows.cli import app

    return app.run(arguments)
