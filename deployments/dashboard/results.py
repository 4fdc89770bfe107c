"""One login for everyone who looks, and results that are kept until something is written: what one asked, all have."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from deployments.dashboard import access
from deployments.dashboard.queries.freshness import read_state
from deployments.dashboard.warehouse import MissingTableError, Warehouse

_MOST_RESULTS = 500
_LONGEST_SECONDS = 3600  # the ledgers do not tell what somebody writes by hand


@st.cache_resource(show_spinner=False)
def open_warehouse() -> Warehouse:
    """Return the warehouse with the one login of this server."""
    return Warehouse(access.current().connect)


def run(statement: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
    """Return the rows of a statement, from the cache where somebody asked the same since anything was written.

    Raises:
        MissingTableError: It reads a table that is not there.
    """
    return _read(statement, parameters, _state())


def look_anew() -> None:
    """Ask with the next statement whether something was written, however lately that was asked."""
    _state.clear()


@st.cache_data(ttl=access.current().refresh_seconds, max_entries=1, show_spinner=False)
def _state() -> tuple[Any, ...]:
    """Return what is another one after each write: of a warehouse without ledgers, the time."""
    try:
        return tuple(int(count) for count in read_state(open_warehouse()).iloc[0])
    except MissingTableError:
        return (time.time(),)


@st.cache_data(ttl=_LONGEST_SECONDS, max_entries=_MOST_RESULTS, show_spinner=False)
def _read(statement: str, parameters: Sequence[Any], state: tuple[Any, ...]) -> pd.DataFrame:
    return open_warehouse()(statement, parameters)
