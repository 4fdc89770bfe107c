"""Rules: what must be true of stored rows, as plain data that Great Expectations turns into SQL.

A rule is a condition that is true of a bad row. All rules of a table are counted by one statement over its batch; what
a condition needs beside the table's own columns (a count per key, a row of another table) is declared as a helper and
becomes part of the batch.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_MOST_TIMES = 1_000
_LITERAL, _WORD = re.compile("'[^']*'"), re.compile(r"\w+")


class Severity(StrEnum):
    """What a failed rule does: critical stops what is downstream of the table, a warning is reported."""

    CRITICAL = "critical"
    WARNING = "warning"


CRITICAL = Severity.CRITICAL
WARNING = Severity.WARNING


@dataclass(frozen=True)
class Computed:
    """A column computed over the batch: a window, or what is read of a row before any window.

    Args:
        name: Column that conditions use; starts with `_`.
        sql: Expression over the columns of `t`, the table.
    """

    name: str
    sql: str

    @property
    def is_window(self) -> bool:
        """Whether it looks at other rows too."""
        return " over (" in self.sql


@dataclass(frozen=True)
class Lookup:
    """A LEFT JOIN that gives conditions columns of another query; it must hold at most one row per `on`.

    Args:
        alias: Name of the joined query; conditions write `<alias>.<column>` as `<alias>_<column>`.
        query: SELECT that may name tables as `{table_name}` and the validated rows as `{batch}`.
        columns: Columns of the query that conditions use.
        on: Join condition between `t` and the alias.
    """

    alias: str
    query: str
    columns: tuple[str, ...]
    on: str


Helper = Computed | Lookup


@dataclass(frozen=True)
class Rule:
    """One promise about the rows of a table.

    Args:
        name: What must be true, in words; unique in its table.
        fails: SQL condition that is true of a bad row; NULL counts as good.
        severity: Critical stops what is built from the table, a warning is reported.
        reason: Why it matters, or what usually breaks it.
        shows: Columns whose values explain a bad row, beside its key.
        helpers: What the condition uses beside the table's own columns.
    """

    name: str
    fails: str
    severity: Severity
    reason: str
    shows: tuple[str, ...] = ()
    helpers: tuple[Helper, ...] = ()

    @property
    def is_critical(self) -> bool:
        """Whether a failure stops what is downstream."""
        return self.severity is Severity.CRITICAL

    def columns_among(self, names: Iterable[str]) -> list[str]:
        """Return which of these columns its SQL names: it cannot be checked without them."""
        texts = [self.fails, *self.shows]
        for helper in self.helpers:
            texts += [helper.sql] if isinstance(helper, Computed) else [helper.query, helper.on]
        words = set(_WORD.findall(_LITERAL.sub("", " ".join(texts))))
        return [name for name in names if name in words]


def critical(name: str, fails: str, reason: str, *beside: str | Helper) -> Rule:
    """Return a rule that stops what is built from its table.

    Args:
        name: What must be true, in words; unique in its table.
        fails: SQL condition that is true of a bad row; NULL counts as good.
        reason: Why it matters, or what usually breaks it.
        beside: Columns whose values explain a bad row, beside its key; helpers that the condition uses.
    """
    return _make_rule(CRITICAL, name, fails, reason, beside)


def warning(name: str, fails: str, reason: str, *beside: str | Helper) -> Rule:
    """Return a rule that is reported and stops nothing; takes what `critical` does."""
    return _make_rule(WARNING, name, fails, reason, beside)


def _make_rule(severity: Severity, name: str, fails: str, reason: str, beside: tuple[str | Helper, ...]) -> Rule:
    shows = tuple(one for one in beside if isinstance(one, str))
    return Rule(name, fails, severity, reason, shows, tuple(one for one in beside if not isinstance(one, str)))


def quote_literal(text: str) -> str:
    """Return the text as an SQL string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def timestamp(time: datetime) -> str:
    """Return the UTC time as an SQL literal."""
    return f"'{time.replace(tzinfo=None).isoformat(sep=' ', timespec='milliseconds')}'::timestamp_ntz"


def is_one_of(column: str, times: Collection[datetime]) -> str:
    """Return the condition that a column is one of the UTC times.

    Of more than a thousand times, a backfill's, it takes in all that lies between the first and the last: a statement
    that names each grows with them until the account refuses it.
    """
    if len(times) > _MOST_TIMES:
        return f"{column} between {timestamp(min(times))} and {timestamp(max(times))}"
    return f"{column} in ({', '.join(timestamp(time) for time in sorted(times)) or 'null'})"
