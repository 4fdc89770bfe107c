"""The history of one key as a person reads it: its versions in order, what each changed, and when it was gone."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import pairwise
from operator import and_, or_
from typing import TYPE_CHECKING, Any

from flows.errors import ConfigError
from flows.settings import Settings
from transforms.catalog import models
from transforms.write_kinds import History

if TYPE_CHECKING:
    from snowflake.snowpark import Column as Expression, DataFrame, Session

    from transforms.contract import Table

_EXAMPLES = 3
_LONGEST_VALUE = 100
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


@dataclass(frozen=True)
class Span:
    """A stretch of time of one key: a stored version, or the time in between in which the key was gone.

    Args:
        valid_from: Its begin, inclusive, UTC.
        valid_to: Its end, exclusive; None while it lasts.
        is_deleted: The key was gone.
        changed: Tracked columns that differ from the version before; of a key's first version none.
        before: What the version before said in them.
        row: The stored version by column; None for a time without one.
    """

    valid_from: datetime
    valid_to: datetime | None
    is_deleted: bool
    changed: tuple[str, ...] = ()
    before: tuple[Any, ...] = ()
    row: dict[str, Any] | None = None


@dataclass(frozen=True)
class Timeline:
    """The history of one key.

    Args:
        table: The contract of the history.
        named: What names the key, by column.
        shown: Columns that tell a person what a version says.
        spans: Oldest first.
    """

    table: Table
    named: dict[str, Any]
    shown: tuple[str, ...]
    spans: tuple[Span, ...]

    @property
    def title(self) -> str:
        """The table and what names the key."""
        return f"{self.table.name}: {', '.join(f'{name} {value}' for name, value in self.named.items())}"


def find_history(name: str) -> Table:
    """Return the contract of a history.

    Raises:
        ConfigError: There is no history of that name.
    """
    histories = {model.table.name: model.table for model in models().values() if isinstance(model.table.write, History)}
    if name.lower() in histories:
        return histories[name.lower()]
    near = difflib.get_close_matches(name.lower(), histories, n=1)
    text = f"did you mean {near[0]}?" if near else f"histories are {', '.join(sorted(histories))}."
    raise ConfigError(f"{name!r} is no history; {text}")


def read_timeline(
    session: Session, settings: Settings, table: Table, key: str, *, at: datetime | None = None
) -> Timeline:
    """Return the history of a key, or of it the version that existed at a time.

    Args:
        session: Where the history is.
        settings: Name the database.
        table: From `find_history`.
        key: The values that name the key, with commas between them, quoted as in CSV where one has a comma.
        at: UTC; the only span is then the version of that time, and there is none where the key did not exist.

    Raises:
        ConfigError: No key is named so, or several are.
    """
    from transforms.scd2.versions import select_as_of

    history = session.table(table.full_name(settings.database))
    of_key = history.filter(_match_key(table, next(csv.reader([key], skipinitialspace=True), []))).select(
        *table.column_names
    )
    rows = [_lower_names(row.as_dict()) for row in of_key.sort(*table.business_key, "valid_from").collect()]
    keys = {tuple(row[name] for name in table.business_key): row for row in rows}
    if len(keys) != 1:
        raise ConfigError(
            _explain_many(table, key, list(keys.values())) if keys else _explain_none(table, key, history)
        )
    named = {name: rows[0][name] for name in (*_list_namings(table)[0], *table.business_key)}
    if at is None:
        return Timeline(table, named, table.tracked_columns, tuple(_make_spans(table, rows)))
    found = [_lower_names(row.as_dict()) for row in select_as_of(of_key, at.replace(tzinfo=None)).collect()]
    display = tuple(column.name for column in table.observed_columns if column.name not in named)
    return Timeline(table, named, display, tuple(_make_version(table, None, row) for row in found))


def format_for_people(timeline: Timeline) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows for the terminal: per span its times, and what it says with the changes marked."""
    rows: list[list[Any]] = []
    for span in timeline.spans:
        until = span.valid_to or datetime.now(UTC).replace(tzinfo=None)
        lasted = _format_duration(until - span.valid_from) + ("" if span.valid_to else " so far")
        rows.append([span.valid_from, span.valid_to or "now", lasted, "\n".join(_format_lines(span, timeline.shown))])
    return ["from", "to", "how long", "what it says (* changed)"], rows


def format_for_programs(timeline: Timeline) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows for CSV and JSON: the stored columns and the names of those that changed.

    A time in which the key was gone and that no version tells of has its two times and NULL in every other column.
    """
    names = list(timeline.table.column_names)
    rows = []
    for span in timeline.spans:
        gone = {"valid_from": span.valid_from, "valid_to": span.valid_to, "is_deleted": True}
        stored = span.row or {**dict.fromkeys(names), **gone, "is_current": False, **timeline.named}
        rows.append([*(stored[name] for name in names), " ".join(span.changed)])
    return [*names, "changed"], rows


def _format_lines(span: Span, shown: Sequence[str]) -> Iterator[str]:
    if span.is_deleted or span.row is None:
        yield "* deleted"
        return
    for name in shown:
        value = _format_value(span.row[name])
        if name in span.changed:
            yield f"* {name}: {value} (was {_format_value(span.before[span.changed.index(name)])})"
        else:
            yield f"  {name}: {value}"


def _format_value(value: Any) -> str:
    text = "NULL" if value is None else " ".join(str(value).split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _format_duration(length: timedelta) -> str:
    """Return the length in its two largest units."""
    rest = int(length.total_seconds())
    text: list[tuple[int, str]] = []
    for unit, seconds in _UNITS:
        count, rest = divmod(rest, seconds)
        if count or text:
            text.append((count, unit))
    return " ".join(f"{count} {unit}" for count, unit in text[:2] if count) or "0 s"


def _list_namings(table: Table) -> list[tuple[str, ...]]:
    """Return the lists of columns by which a key may be named, the one for people first."""
    named_by = table.write.named_by if isinstance(table.write, History) else ()
    return list(dict.fromkeys(names for names in (named_by, table.business_key) if names))


def _format_key(values: Sequence[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue()


def _match_key(table: Table, parts: Sequence[str]) -> Expression:
    from snowflake.snowpark.functions import col, lit
    from snowflake.snowpark.types import StringType

    fitting = [names for names in _list_namings(table) if len(names) == len(parts)]
    if not fitting:
        ways = " or by ".join(",".join(names) for names in _list_namings(table))
        raise ConfigError(f"A key of {table.name} is named by {ways}; found {len(parts)} values.")
    return reduce(
        or_,
        [
            reduce(and_, [col(name).cast(StringType()) == lit(part) for name, part in zip(names, parts, strict=True)])
            for names in fitting
        ],
    )


def _explain_none(table: Table, key: str, history: DataFrame) -> str:
    names = _list_namings(table)[0]
    known = history.select(*names).distinct().sort(*names).limit(_EXAMPLES).collect()
    if not known:
        return f"{table.name} has no version of any key yet. `snowcast run` builds it."
    examples = "; ".join(_format_key(row) for row in known)
    return f"{table.name} has no key {key!r}. Keys are named by {','.join(names)}, for example: {examples}"


def _explain_many(table: Table, key: str, rows: Sequence[dict[str, Any]]) -> str:
    first, second = (_format_key([row[name] for name in table.business_key]) for row in rows[:2])
    return (
        f"{key!r} names {len(rows)} keys of {table.name}. Name one by {','.join(table.business_key)}: "
        f"{first} or {second}{' …' if len(rows) > 2 else ''}"
    )


def _make_spans(table: Table, rows: Sequence[dict[str, Any]]) -> list[Span]:
    """Return the versions with what each changed, and the times between them and after the last."""
    spans = [_make_version(table, None, rows[0])]
    for before, row in pairwise(rows):
        if before["valid_to"] is not None and before["valid_to"] < row["valid_from"]:
            spans.append(Span(before["valid_to"], row["valid_from"], is_deleted=True))
        spans.append(_make_version(table, before, row))
    if rows[-1]["valid_to"] is not None:
        spans.append(Span(rows[-1]["valid_to"], None, is_deleted=True))
    return spans


def _make_version(table: Table, before: dict[str, Any] | None, row: dict[str, Any]) -> Span:
    changed = tuple(name for name in table.tracked_columns if before is not None and before[name] != row[name])
    stated = tuple(before[name] for name in changed) if before else ()
    return Span(row["valid_from"], row["valid_to"], row["is_deleted"], changed, stated, row)


def _lower_names(row: dict[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in row.items()}
