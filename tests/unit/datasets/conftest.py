"""A small stream of events, and questions about it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from snowflake.snowpark import DataFrame, Session

from tests.properties.dataset_world import ACTIVITIES, Event, numbered, stored_stream
from transforms.datasets.frames.compile import dataset_of
from transforms.datasets.syntax.query import (
    Query,
)

T0 = datetime(2024, 1, 31, 20)


def event(activity_id: str, hour: float, activity: str, points: int | None = None, **given: Any) -> Event:
    """An event of Ann's, so many hours after T0."""
    features = dict.fromkeys(feature.name for feature in ACTIVITIES[activity].features)
    customer = given.pop("customer", "twitch:ann")
    anonymous = given.pop("anonymous", None)
    at = T0 + timedelta(hours=hour)
    return Event(activity_id, at, customer, anonymous, activity, {**features, "points": points, **given})


EVENTS = numbered(
    [
        event("s1", 0, "show", 1),
        event("s3", 2, "show", 3),
        event("s2", 2, "show", 2),
        event("g1", 0, "gift", 10, title="x"),
        event("g2", 1, "gift", None, title="y"),
        event("g3", 2, "gift", 30),
        event("g4", 5, "gift", 40, title="x"),
        event("s9", 1, "show", 9, customer=None, anonymous="guest"),
        event("c1", 30, "chat"),
    ]
)


@pytest.fixture(scope="session")
def stream(_unit_session: Session) -> DataFrame:
    return stored_stream(_unit_session, EVENTS, "small_stream")


@pytest.fixture
def ask(stream: DataFrame) -> Any:
    """Ask a question; the rows by entity and time, without the entity and its time."""

    def rows(query: Query) -> list[tuple[Any, ...]]:
        found = dataset_of(query, stream, ACTIVITIES).sort("entity", "ts", "occurrence").collect()
        return [(row[0], *row[3:]) for row in found]

    return rows
