"""Generated activity streams: many customers, equal times, repeated primaries, NULL features, anonymous customers."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col, parse_json
from snowflake.snowpark.types import StructField, StructType

from transforms.activity.columns import STREAM
from transforms.activity.definitions.activity import Activity, Feature
from transforms.contract import BOOLEAN, FLOAT, INTEGER, TEXT, TIMESTAMP, money

STREAM_NAME = "streamer_activity"
FEATURES = (
    Feature("points", INTEGER, "a whole number"),
    Feature("amount", money(), "money"),
    Feature("share", FLOAT, "a float"),
    Feature("title", TEXT, "a text"),
    Feature("is_gold", BOOLEAN, "a boolean"),
    Feature("seen_at", TIMESTAMP, "a time"),
)
OWN_FEATURES = {"show": FEATURES, "gift": FEATURES, "chat": (FEATURES[0], FEATURES[3])}
ACTIVITIES = {
    name: Activity(name=name, stream=STREAM_NAME, description=f"somebody did {name}", features=features)
    for name, features in OWN_FEATURES.items()
}
T0 = datetime(2024, 2, 27, 22)
HOURS = 150  # so that times repeat and reach over days, weeks and a month


@dataclass
class Event:
    """One row of a stream."""

    activity_id: str
    ts: datetime
    customer: str | None
    anonymous_customer_id: str | None
    activity: str
    features: dict[str, Any]
    revenue_impact: Decimal | None = None
    link: str | None = None
    activity_occurrence: int = 0
    activity_repeated_at: datetime | None = field(default=None)

    @property
    def entity(self) -> str:
        return self.customer or self.anonymous_customer_id or ""

    def value(self, name: str) -> Any:
        if name == "feature_json":
            return in_one_spelling(_spelled(self.features))
        return getattr(self, name) if hasattr(self, name) and name != "features" else self.features.get(name)


def generated(seed: int, customers: int = 40) -> list[Event]:
    """A stream of so many customers."""
    dice = random.Random(seed)
    events = [event for number in range(customers) for event in _of_customer(dice, number)]
    dice.shuffle(events)
    return numbered(events)


def numbered(events: Sequence[Event]) -> list[Event]:
    """The events with their occurrence and the time of the next one, as the stream has them."""
    groups: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in events:
        groups[event.activity, event.entity].append(event)
    for group in groups.values():
        group.sort(key=lambda event: (event.ts, event.activity_id))
        for place, event in enumerate(group):
            event.activity_occurrence = place + 1
            event.activity_repeated_at = group[place + 1].ts if place + 1 < len(group) else None
    return list(events)


def _of_customer(dice: random.Random, number: int) -> list[Event]:
    customer = None if number % 5 == 4 else f"twitch:{number}"
    anonymous = f"anonymous {number}" if customer is None or dice.random() < 0.3 else None
    hours = dice.choice([3, 12, HOURS])
    return [
        Event(
            activity_id=f"{dice.getrandbits(64):016x}",
            ts=T0 + timedelta(hours=dice.randrange(hours)),
            customer=customer,
            anonymous_customer_id=anonymous,
            activity=(activity := dice.choice(list(ACTIVITIES))),
            features=_features(dice, activity),
            revenue_impact=dice.choice([None, Decimal("1.50"), Decimal("-2.25")]),
        )
        for _ in range(dice.choice([0, 1, 2, 5, 12, 25]))
    ]


def _features(dice: random.Random, activity: str) -> dict[str, Any]:
    values = {
        "points": dice.randrange(-3, 8),
        "amount": Decimal(dice.randrange(-500, 500)) / 100,
        "share": dice.randrange(-8, 9) / 4,
        "title": dice.choice(["a", "b", "it's", "", 'q"q', "ä b"]),
        "is_gold": dice.random() < 0.5,
        "seen_at": T0 + timedelta(hours=dice.randrange(HOURS), minutes=dice.randrange(60)),
    }
    own = {feature.name for feature in OWN_FEATURES[activity]}
    told = {name: None if dice.random() < 0.25 else value for name, value in values.items()}
    return {name: value for name, value in told.items() if name in own}


def stored_stream(session: Session, events: Sequence[Event], name: str) -> DataFrame:
    """The events in a table with the columns of a stream."""
    rows = [tuple(event.value(c.name) for c in STREAM) for event in events]
    types = [StructField(c.name, (TEXT if c.name == "feature_json" else c.type).as_snowpark()) for c in STREAM]
    frame = session.create_dataframe(rows, schema=StructType(types))
    spelled = [parse_json(col(c.name)).alias(c.name) if c.name == "feature_json" else col(c.name) for c in STREAM]
    frame.select(*spelled).write.save_as_table(name, mode="overwrite")
    return session.table(name)


def in_one_spelling(text: str) -> str:
    """JSON text whatever the order of its keys."""
    return json.dumps(json.loads(text), sort_keys=True)


def _spelled(features: dict[str, Any]) -> str:
    return json.dumps(features, default=lambda value: float(value) if isinstance(value, Decimal) else str(value))
