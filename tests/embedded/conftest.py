"""A stage and a table of variants, for tests of COPY."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.embedded.files import run

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection


@pytest.fixture
def stage(connection: SnowflakeConnection) -> str:
    """A new stage, as statements name it."""
    run(connection, "CREATE STAGE S")
    return "@S"


@pytest.fixture
def variants(connection: SnowflakeConnection) -> str:
    """A new table with one VARIANT column, R."""
    run(connection, "CREATE TABLE T (R VARIANT)")
    return "T"
