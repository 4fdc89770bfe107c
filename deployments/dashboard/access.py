"""What whoever starts the dashboard hands over to it: a login, answers to questions, explanations of numbers.

`snowcast dashboard` hands both over in the same process, so that no secret stands in a file, an argument or an
environment. In Streamlit in Snowflake nobody hands anything over, and the login is the one of the app.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd


class WrongQuestionError(Exception):
    """A question about activities cannot be answered as it is written; the message says why."""


@dataclass(frozen=True)
class Answer:
    """The answer of a question: its first rows, and whether there are more."""

    rows: pd.DataFrame
    is_cut: bool


class UnknownNumberError(Exception):
    """There is no such number; the message says why."""


@dataclass(frozen=True)
class ExplainedStep:
    """One table on the way from a number to its sources.

    Args:
        title: The table, and how many of its rows the number came from.
        notes: Formulas of its columns, and the checks on them.
        rows: Some of the rows.
    """

    title: str
    notes: Sequence[str]
    rows: pd.DataFrame


@dataclass(frozen=True)
class Explained:
    """One number and where it came from.

    Args:
        value: The number, written.
        formula: How it is computed.
        sql: The SELECT that gives it again.
        steps: The tables, from the number's own down to staging.
        files: Its landing files, the oldest first.
    """

    value: str
    formula: str
    sql: str
    steps: Sequence[ExplainedStep]
    files: pd.DataFrame


class Explainer(Protocol):
    """Tells where numbers come from; a table is named without schema, and a row by some of its columns as texts."""

    def measures(self) -> Mapping[str, Sequence[str]]:
        """Return the tables, each with the columns that can be explained."""

    def rows(self, table: str, column: str, key: Mapping[str, str], most: int) -> pd.DataFrame:
        """Return rows of a table, the newest first: its key, as `explain` takes it, and the column."""

    def explain(self, table: str, column: str, key: Mapping[str, str]) -> Explained:
        """Explain the number of the one row that the key names.

        Raises:
            UnknownNumberError: There is no such number, or more than one.
        """


@dataclass(frozen=True)
class Access:
    """How the dashboard reaches what it shows.

    Args:
        connect: Logs in; gives a connection of Snowflake's connector whose parameters are written as ?.
        ask: Answers a question about activities, or raises WrongQuestionError; None where none can be asked.
        refresh_seconds: After so long the live page looks again, and the cache whether anything was written.
        explainer: Tells where a number comes from; None where that cannot be told.
    """

    connect: Callable[[], Any]
    ask: Callable[[str], Answer] | None = None
    refresh_seconds: float = 30
    explainer: Explainer | None = None


def _connect_in_snowflake() -> Any:
    import streamlit

    return streamlit.connection("snowflake", paramstyle="qmark").raw_connection


_handed_over: list[Access] = []


def hand_over(access: Access) -> None:
    """Let the pages of this process use it from now on."""
    _handed_over[:] = [access]


def current() -> Access:
    """Return what was handed over, or what an app in Snowflake has by itself."""
    return _handed_over[0] if _handed_over else Access(_connect_in_snowflake)
