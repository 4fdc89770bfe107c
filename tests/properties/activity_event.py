"""What the oracle of activities computes with: facts, rules, and rows of a stream."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]


Facts = Mapping[str, list[Row]]


@dataclass(frozen=True)
class Event:
    """One row of a stream."""

    activity_id: str
    ts: datetime
    customer: str | None
    anonymous: str | None
    activity: str
    features: dict[str, Any]
    revenue: Decimal | None
    platform: str = ""
    occurrence: int = 0
    repeated_at: datetime | None = None

    @property
    def person(self) -> str:
        return str(self.customer or self.anonymous)

    @property
    def order(self) -> tuple[datetime, str]:
        return self.ts, self.activity_id

    def shown(self) -> tuple[Any, ...]:
        """The row as the stream has it."""
        who = (self.customer, self.anonymous, self.person)
        numbers = {name: float(v) if isinstance(v, Decimal) else v for name, v in self.features.items()}
        features = tuple(sorted(numbers.items()))
        place = (self.occurrence, self.repeated_at)
        return (self.activity_id, self.ts, *who, self.activity, features, self.revenue, *place)


class Rules:
    """What the streams are built with.

    Args:
        thresholds: Of the lifecycle rules.
        spaces: Platforms that share an id space.
        point_value: Money that a point is worth.
        gap_cap: Longest time that a sample counts for.
        today: The day of the build.
    """

    def __init__(
        self,
        thresholds: Any,
        spaces: Sequence[Sequence[str]] = (),
        point_value: Decimal | None = None,
        gap_cap: timedelta = timedelta(seconds=2700),
        today: date = date(2023, 12, 31),
    ) -> None:
        self.thresholds, self.spaces, self.point_value = thresholds, spaces, point_value
        self.gap_cap, self.today = gap_cap, today

    def first(self, platform: str) -> str:
        """The platform as customers' names have it."""
        return next((space[0] for space in self.spaces if platform in space), platform)


def group_by(events: Iterable[Any], key: Callable[[Any], Any]) -> list[list[Any]]:
    groups: dict[Any, list[Any]] = defaultdict(list)
    for event in events:
        groups[key(event)].append(event)
    return list(groups.values())
