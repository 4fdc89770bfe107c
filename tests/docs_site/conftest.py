"""The lineage of all columns, told once per test run; no warehouse runs for it."""

from __future__ import annotations

import pytest

from flows.lineage.graph import Lineage, trace_tables
from tests.feeding import PARAMETERS


@pytest.fixture(scope="session")
def lineage() -> Lineage:
    return trace_tables(PARAMETERS, "ANALYTICS")
