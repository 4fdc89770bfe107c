"""An explanation as a person reads it: the number, then table by table what it came from, then files and checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from flows.cli.output import plain

if TYPE_CHECKING:
    from flows.explain.explain import Explanation, File, Step

MOST_ROWS = 12
_MOST_ROWS_NAMED = 8
_MOST_WHERE = 300
Rows = tuple[list[str], list[list[Any]]]


def say_explanation(found: Explanation, say: Callable[[str], None], show: Callable[[Rows], None]) -> None:
    """Print an explanation: lines by `say`, tables by `show`."""
    key = ", ".join(f"{name} {format_value(value)}" for name, value in found.key.items())
    say(f"{found.table}.{found.column} = {format_value(found.value)}")
    say(f"  of {key}")
    say(f"  = {found.formula}\n")
    for step in found.steps:
        for line in describe_step(step):
            say(line)
        names = list(step.rows[0]) if step.rows else []
        if names:
            show((names, [[row[name] for name in names] for row in step.rows[:MOST_ROWS]]))
        more = step.row_count - min(len(step.rows), MOST_ROWS)
        say(f"… and {more:,} more\n" if more > 0 else "")
    for line in _file_lines(found.files):
        say(line)


def describe_step(step: Step) -> Iterator[str]:
    """Yield what is told of a table beside its rows: the table, then formulas, condition and checks."""
    enough = {True: ": these rows of its inputs give the same again", None: "", False: ""}[step.is_enough]
    yield f"{step.table}: {step.row_count:,} row{'' if step.row_count == 1 else 's'}{enough}"
    for name, formula in step.formulas.items():
        yield f"  {name} = {formula}"
    where = step.where if len(step.where) <= _MOST_WHERE else step.where[:_MOST_WHERE].rsplit(" ", 1)[0] + " …"
    yield f"  where {where}"
    failed = [rule for rule in step.rules if not rule["success"]]
    if step.rules:
        yield f"  {len(step.rules)} rules checked on it, {'all hold' if not failed else f'{len(failed)} failed'}"
    for rule in failed:
        yield f"  {rule['severity']}: {rule['rule']}: {rule['observed']}"


def _file_lines(files: Sequence[File]) -> Iterator[str]:
    yield f"{len(files):,} landing file{'' if len(files) == 1 else 's'}"
    for file in files[:MOST_ROWS]:
        shown = ", ".join(str(row) for row in file.rows[:_MOST_ROWS_NAMED])
        more = f" and {len(file.rows) - _MOST_ROWS_NAMED} more" if file.rows[_MOST_ROWS_NAMED:] else ""
        yield f"  {file.path}: row{'' if len(file.rows) == 1 else 's'} {shown}{more}"
        poll = file.poll
        came = (
            f"polled {file.snapshot_at:%Y-%m-%d %H:%M:%S} UTC"
            if poll
            else f"of {file.snapshot_at:%Y-%m-%d %H:%M:%S} UTC"
        )
        how = f", {poll['pages']} pages, {poll['ended']}" if poll else ""
        yield f"    {came}{how}; loaded as {file.load['load_id']}, {file.load['rows_loaded']:,} rows"
    if files[MOST_ROWS:]:
        yield f"  … and {len(files) - MOST_ROWS:,} more"


def format_value(value: Any) -> str:
    """Return a value as a person reads it."""
    return "NULL" if value is None else str(plain(value))
