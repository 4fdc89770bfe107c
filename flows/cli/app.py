"""`snowcast`: the command line. Commands live in commands/; heavy libraries are imported when one needs them."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from flows.cli.commands import (
    activity,
    dashboard,
    deploy,
    docs,
    explain,
    publish,
    quarantine,
    read,
    run as run_flows,
    sandbox,
    services,
    stream,
)
from flows.cli.output import say, say_error
from flows.cli.state import State
from flows.errors import PrefectGoneError, SnowcastError, SourceError
from transforms.contract import ContractError

_INTERRUPTED = 130
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_FREE_SPACE = "Free space and run again: what was committed stays, the rest is done then."
# What the embedded warehouse and libraries say where they pass the system's word on as text.
_FULL_TEXTS = ("no space left on device", "disk quota exceeded", "database or disk is full")
app = typer.Typer(
    name="snowcast",
    help="Streaming-platform sources into one validated Snowflake warehouse.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    *(run_flows.run, run_flows.ingest, run_flows.build, run_flows.validate, run_flows.backfill),
    *(read.status, read.sql, read.tables, read.history, read.report, dashboard.dashboard, explain.explain),
    *(services.up, services.down, services.worker, services.doctor),
):
    app.command()(command)
app.command(hidden=True)(services.flow_run)
app.command()(publish.alert)
for group in (
    *(docs.docs, quarantine.commands, activity.activity, services.warehouse, sandbox.commands, stream.commands),
    *(deploy.commands, publish.publish),
):
    app.add_typer(group)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        say(f"snowcast {version('snowcast')}")
        raise typer.Exit


@app.callback()
def _take_options(
    context: typer.Context,
    home: Annotated[Path | None, typer.Option(help="Folder of everything Snowcast keeps (SNOWCAST_HOME).")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show Prefect's log on the terminal.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Version.")
    ] = False,
) -> None:
    context.obj = State(home=home, verbose=verbose, may_leave=context.obj or ())


def main(arguments: Sequence[str], *, may_leave: bool = False) -> NoReturn:
    """Run one command and leave with its exit code: 0 done, 1 refused, 2 wrong use, 3 out of reach."""
    code, is_cut_off = find_outcome(arguments, may_leave=may_leave)
    if is_cut_off:
        _leave_at_once(code)
    sys.exit(code)


def _leave_at_once(code: int) -> NoReturn:
    """End without what waits for the end of the process: Prefect would try for minutes to send what it still holds."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def run(arguments: Sequence[str]) -> int:
    """Return the exit code of one command; an error is one line on standard error."""
    return find_outcome(arguments)[0]


def find_outcome(arguments: Sequence[str], *, may_leave: bool = False) -> tuple[int, bool]:
    """Run one command; returns its exit code, and whether Prefect is gone and nothing is to be waited for any more.

    `may_leave`: this process is the command's alone, and may leave its work to the home's resident worker.
    """
    try:
        return _run_app(arguments, may_leave=may_leave), False
    except PrefectGoneError as error:
        say_error(str(error))
        return error.exit_code, True


def _run_app(arguments: Sequence[str], *, may_leave: bool) -> int:
    try:
        result = app(args=list(arguments), standalone_mode=False, obj=arguments if may_leave else None)
    except PrefectGoneError:
        raise
    except SnowcastError as error:
        say_error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        result = _INTERRUPTED
    except Exception as error:
        return _report_unexpected(error)
    if result == _INTERRUPTED:
        say_error("interrupted; what was committed stays, the next run goes on from there")
    return result if isinstance(result, int) else 0


def _report_unexpected(error: Exception) -> int:
    """Return exit code of an error that is not written for people: what it says in one line, its trace in the log."""
    if hasattr(error, "exit_code") and hasattr(error, "format_message"):
        say_error(f"{error.format_message()} See `snowcast --help`.")
        return int(error.exit_code)

    if isinstance(error, ContractError):
        say_error(str(error))
        return 1

    if line := explain_storage(error):
        say_error(line)
        return SourceError.exit_code

    logging.getLogger("snowcast").error("command failed", exc_info=error)
    text = " ".join(str(error).split())[:500]
    say_error(f"{type(error).__name__}: {text} (the trace is in the log under SNOWCAST_HOME/logs)")
    return 1


def explain_storage(error: BaseException) -> str | None:
    """Return what a person can do about an error of storage; None where it is about something else."""
    for one in _list_causes(error):
        if any(text in str(one).lower() for text in _FULL_TEXTS) and not isinstance(one, OSError):
            return f"The disk is full. {_FREE_SPACE}"
        if isinstance(one, OSError) and one.errno in _FULL:
            return f"The disk is full{f' ({one.filename})' if one.filename else ''}. {_FREE_SPACE}"
        if isinstance(one, OSError) and one.errno in _FORBIDDEN and one.filename:
            return f"{one.filename} cannot be used ({one.strerror}). Check who owns it, its mode and its mount."
    return None


def _list_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error, and those that it was raised from or while handling."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop(0)
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__]
