"""One prepared database for all unit tests; a test that stores rows empties it first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from snowflake.snowpark import Session

from deployments.embedded import Endpoint
from tests.properties.conftest import _prepared, emptied
from transforms.engine.known_schemas import use_known_schemas


@pytest.fixture(scope="session")
def _unit_session(endpoint: Endpoint) -> Iterator[Session]:
    with _prepared(endpoint) as session:
        yield session


@pytest.fixture
def frames(_unit_session: Session) -> Iterator[Session]:
    """A session for tests that build frames from frames and store nothing; it knows schemas, as that of a build."""
    with use_known_schemas(_unit_session):
        yield _unit_session


@pytest.fixture
def warehouse(_unit_session: Session) -> Session:
    """A session on a prepared database whose tables are empty."""
    return emptied(_unit_session)
