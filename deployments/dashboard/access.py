"""What whoever starts the dashboard hands over to it: a login, and an ear for questions about activities.

`snowcast dashboard` hands both over in the same process, so that no secret stands in a file, an argument or an
environment. In Streamlit in Snowflake nobody hands anything over, and the login is the one of the app.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd


class WrongQuestionError(Exception):
    """A question about activities cannot be answered as it is written; the message says why."""


@dataclass(frozen=True)
class Answer:
    """The answer of a question: its first rows, and whether there are more."""

    rows: pd.DataFrame
    is_cut: bool


@dataclass(frozen=True)
class Access:
    """How the dashboard reaches what it shows.

    Args:
        connect: Logs in; gives a connection of Snowflake's connector whose parameters are written as ?.
        ask: Answers a question about activities, or raises WrongQuestionError; None where none can be asked.
        refresh_seconds: After so long the live page looks again, and results are no longer taken from the cache.
    """

    connect: Callable[[], Any]
    ask: Callable[[str], Answer] | None = None
    refresh_seconds: float = 30


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
