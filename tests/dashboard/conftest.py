"""The dashboard on a small warehouse whose every number is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

pytest.importorskip("streamlit", reason="the pages need the extra `dashboard`")

from deployments.dashboard.queries.period import Run  # noqa: E402
from deployments.dashboard.warehouse import Warehouse  # noqa: E402
from deployments.embedded import Endpoint  # noqa: E402
from tests.browser import browser  # noqa: E402, F401
from tests.dashboard.known import known_warehouse  # noqa: E402


@pytest.fixture(scope="session")
def known(endpoint: Endpoint) -> Iterator[dict[str, Any]]:
    """Connection parameters of the known warehouse."""
    with known_warehouse(endpoint) as parameters:
        yield parameters


@pytest.fixture(scope="session")
def run(known: dict[str, Any]) -> Iterator[Run]:
    """Sends statements to the known warehouse."""
    import snowflake.connector

    warehouse = Warehouse(lambda: snowflake.connector.connect(**known))
    yield warehouse
    warehouse.close()


def rows_of(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Rows of a frame as plain values: NULL is None, times are datetimes."""
    return [
        tuple(None if pd.isna(value) else getattr(value, "to_pydatetime", lambda value=value: value)() for value in row)
        for row in frame.itertuples(index=False, name=None)
    ]
