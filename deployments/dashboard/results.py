"""One login for everyone who looks, and results that are kept for a while: what one person asked, the next one has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from deployments.dashboard import access
from deployments.dashboard.warehouse import Warehouse

_MOST_RESULTS = 500


@st.cache_resource(show_spinner=False)
def open_warehouse() -> Warehouse:
    """Return the warehouse with the one login of this server."""
    return Warehouse(access.current().connect)


@st.cache_data(ttl=access.current().refresh_seconds, max_entries=_MOST_RESULTS, show_spinner=False)
def run(statement: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
    """Return the rows of a statement, from the cache where somebody asked the same a moment ago.

    Raises:
        MissingTableError: It reads a table that is not there.
    """
    return open_warehouse()(statement, parameters)
